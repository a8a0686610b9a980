/** The name under which `@statelyai/inspect` opens its window; opening it in the click itself keeps browsers content. */
export const WINDOW_NAME = 'xstateinspector';
