/** Time in which a browser has begun to save what a link of this page names. */
const SAVING_MILLISECONDS = 60_000;

/** Lets the browser save a text or a picture as a file. */
export function saveFile(name: string, content: string | Blob, mediaType: string): void {
  const url = URL.createObjectURL(new Blob([content], { type: mediaType }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), SAVING_MILLISECONDS);
}
