import type { Browser, BrowserContext, Page } from '@playwright/test';

/** The page that the looking tests of one file share (looking.ts). */
export class KeptPage {
  private file = '';
  private context: BrowserContext | undefined;
  private page: Page | undefined;

  constructor(private readonly browser: Browser) {}

  /** The context of a file's page; that of another file is closed. */
  async contextOf(file: string, baseURL: string): Promise<BrowserContext> {
    if (this.context && this.file === file) return this.context;
    await this.close();
    this.file = file;
    this.context = await this.browser.newContext({ baseURL, serviceWorkers: 'block' });
    return this.context;
  }

  /** @returns the page as the last test left it, or a new one */
  async pageIn(context: BrowserContext): Promise<{ readonly page: Page; readonly isNew: boolean }> {
    if (this.page && !this.page.isClosed()) return { page: this.page, isNew: false };
    this.page = await context.newPage();
    return { page: this.page, isNew: true };
  }

  async close(): Promise<void> {
    await this.context?.close();
    this.context = undefined;
    this.page = undefined;
  }
}
