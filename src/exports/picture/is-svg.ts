/** Whether a text is an SVG file: its first element is one. */
export const isSvg = (text: string): boolean =>
  /^\ufeff?\s*(?:<\?xml[^>]{0,400}\?>\s*)?(?:<!--(?:(?!-->)[\s\S]){0,2000}-->\s*)?(?:<!DOCTYPE svg[^>]{0,400}>\s*)?<(?:[\w-]{1,40}:)?svg[\s>]/i.test(
    text.slice(0, 8000),
  );
