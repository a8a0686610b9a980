// @ts-check
/** `npm run bench`, first part: the measurements, from their bundle. */
import { launch } from './launch.mjs';

await launch('bench');
