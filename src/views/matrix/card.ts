/** What an open cell needs beside the grid: the card, and the mails of it. It is loaded with the first cell. */
export { matrixMail } from '../../exports/matrix-mail';
export { shortCellMail } from '../../exports/short-cell-mail';
export { default as AnswerCard } from './AnswerCard.svelte';
