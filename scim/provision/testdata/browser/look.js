// Looks at pages in Chromium, on a phone, a desktop, in the dark and in print.
// It fails at anything that the console says, at every request but the page's
// own, at text that is wider than the window, and at charts that are not drawn.
//
//	node look.js DIRECTORY      the pages *.html in it; pictures are written beside them
import { chromium } from 'playwright-core';
import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const dir = resolve(process.argv[2]);
const views = [
  { name: 'phone', viewport: { width: 320, height: 640 } },
  { name: 'phone-dark', viewport: { width: 390, height: 844 }, colorScheme: 'dark' },
  { name: 'desktop', viewport: { width: 1280, height: 900 } },
  { name: 'desktop-dark', viewport: { width: 1280, height: 900 }, colorScheme: 'dark' },
];
const mistakes = [];
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: [
    '--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--no-first-run',
  ],
  timeout: 60000,
});

async function look(file, view) {
  const url = pathToFileURL(join(dir, file)).href;
  const at = `${file} (${view.name})`;
  const context = await browser.newContext({ viewport: view.viewport, colorScheme: view.colorScheme || 'light' });
  const page = await context.newPage();
  page.on('console', (m) => mistakes.push(`${at}: console: ${m.text()}`));
  page.on('pageerror', (e) => mistakes.push(`${at}: ${e.message}`));
  page.on('request', (r) => { if (r.url() !== url) mistakes.push(`${at}: request of ${r.url()}`); });
  await page.goto(url);
  const picture = async (state) => {
    const seen = await page.evaluate(() => ({
      wide: document.documentElement.scrollWidth - window.innerWidth,
      flat: [...document.querySelectorAll('svg.columns rect')].filter((r) => r.getBoundingClientRect().width < 0.5).length,
      charts: document.querySelectorAll('svg.columns rect').length,
      size: getComputedStyle(document.querySelector('h1')).fontSize,
      paper: getComputedStyle(document.body).backgroundColor,
    }));
    if (seen.wide > 0) mistakes.push(`${at}, ${state}: ${seen.wide} px wider than the window`);
    if (seen.flat > 0) mistakes.push(`${at}, ${state}: ${seen.flat} bars cannot be seen`);
    if (!file.startsWith('broken') && seen.charts === 0) mistakes.push(`${at}, ${state}: no chart`);
    if (seen.size !== '24px') mistakes.push(`${at}, ${state}: the style is lost: heading of ${seen.size}`);
    if ((view.colorScheme === 'dark') !== (seen.paper !== 'rgb(255, 255, 255)')) mistakes.push(`${at}: paper of ${seen.paper}`);
    const path = join(dir, `${file}-${view.name}-${state}.png`);
    const png = await page.screenshot({ path, fullPage: true });
    if (png.length < 10000) mistakes.push(`${at}, ${state}: a picture of ${png.length} bytes`);
  };
  await picture('closed');
  for (let i = 0; i < 50; i += 1) { // as a reader would: without a script of the page
    const closed = page.locator('details:not([open]) > summary:visible').first();
    if (await closed.count() === 0) break;
    await closed.click();
  }
  await picture('open');
  await context.close();
}

async function print(file) {
  const page = await browser.newPage({ colorScheme: 'dark' });
  await page.goto(pathToFileURL(join(dir, file)).href);
  const path = join(dir, `${file}.pdf`);
  await page.pdf({ path, format: 'A4', printBackground: true, margin: { top: '15mm', bottom: '15mm', left: '12mm', right: '12mm' } });
  if (statSync(path).size < 10000) mistakes.push(`${file}: printed on ${statSync(path).size} bytes`);
  await page.emulateMedia({ media: 'print' });
  const seen = await page.evaluate(() => ({
    paper: getComputedStyle(document.body).backgroundColor,
    hidden: [...document.querySelectorAll('.event')].filter((e) => !e.checkVisibility({ contentVisibilityAuto: true })).length,
  }));
  if (seen.paper !== 'rgb(255, 255, 255)' || seen.hidden > 0) mistakes.push(`${file}, print: paper of ${seen.paper}, ${seen.hidden} events hidden`);
  await page.close();
}

try {
  const files = readdirSync(dir).filter((f) => f.endsWith('.html'));
  if (files.length === 0) mistakes.push(`no page in ${dir}`);
  for (const file of files) {
    for (const view of views) await look(file, view);
    await print(file);
  }
  console.log(`${files.length} pages, ${views.length} views each and print`);
} catch (e) {
  mistakes.push(e.message);
} finally {
  await browser.close();
}
mistakes.forEach((m) => console.error(m));
process.exit(mistakes.length > 0 ? 1 : 0);
