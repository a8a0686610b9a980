// @ts-check
/** `npm run bench`: the measurements, from their bundle. */
import { launch } from './launch.mjs';

await launch('bench');
