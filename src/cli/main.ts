#!/usr/bin/env node
/** The command line: the same engine without a page. */
import { call } from './call';
import { finish, finishFailed } from './io';

call(process.argv.slice(2)).then(finish, finishFailed);
