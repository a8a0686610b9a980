// @ts-check
/** `npm run vmgexit`: the command line, from its bundle. */
import { launch } from './launch.mjs';

process.env['VMGEXIT_CALL'] = 'npm run -s vmgexit --';
await launch('main');
