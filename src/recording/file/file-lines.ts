/** The lines of a file that comes in chunks of bytes: no more than a line and a chunk is held. */
import { MAX_RECORDING_LINE } from '../../base/limits';

export class FileLines {
  private readonly decoder = new TextDecoder();
  /** The beginning of the line that is not over, in pieces. */
  private pieces: string[] = [];
  private pieceLength = 0;
  /** The last chunk ended with CR: an LF that follows belongs to it. */
  private afterReturn = false;

  /** @returns the lines that this chunk completes; a line ends with LF, CRLF or CR */
  push(chunk: Uint8Array): string[] {
    return this.split(this.decoder.decode(chunk, { stream: true }));
  }

  /** @returns the last line where no line end follows it; an empty one is none */
  end(): string | undefined {
    const rest = this.split(this.decoder.decode());
    const last = this.takePieces();
    return rest.at(-1) ?? (last === '' ? undefined : last);
  }

  /** The line that is not over has more characters than any line of a recording. */
  get isTooLong(): boolean {
    return this.pieceLength > MAX_RECORDING_LINE;
  }

  private split(chunk: string): string[] {
    const text = this.afterReturn && chunk.startsWith('\n') ? chunk.slice(1) : chunk;
    if (chunk !== '') this.afterReturn = chunk.endsWith('\r');
    const parts = text.split(/\r\n|\n|\r/);
    const rest = parts.pop() ?? '';
    const lines = parts.map((part, at) => (at === 0 ? this.takePieces() + part : part));
    if (rest !== '') this.pieces.push(rest);
    this.pieceLength += rest.length;
    return lines;
  }

  private takePieces(): string {
    const line = this.pieces.join('');
    this.pieces = [];
    this.pieceLength = 0;
    return line;
  }
}
