/** The dialogs, in one chunk that is loaded with the first of them. */
export { default as ActMenu } from './ActMenu.svelte';
export { default as Help } from './Help.svelte';
export { default as Palette } from './Palette.svelte';
