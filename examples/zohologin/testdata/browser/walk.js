// Opens a consent page in Chromium, presses a button, and prints the page that
// the browser ends on. What the browser complains about goes to stderr.
//
//	node walk.js URL BUTTON LANGUAGE
import { chromium } from 'playwright-core';

const [url, button, language] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: [
    '--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--no-first-run',
  ],
  timeout: 60000,
});
let failed = false;
try {
  const context = await browser.newContext({ locale: language });
  const page = await context.newPage();
  page.setDefaultTimeout(20000);
  // A browser asks for an icon by itself; nothing else may fail or be refused.
  page.on('console', (m) => {
    if (m.type() === 'error' && !m.location().url.endsWith('/favicon.ico') && !m.text().includes('status of 403')) {
      console.error(m.text());
    }
  });
  page.on('requestfailed', (r) => console.error('failed:', new URL(r.url()).pathname));
  await page.goto(url);
  await page.getByRole('button', { name: button, exact: true }).click();
  await page.waitForURL((u) => u.pathname === '/callback');
  await page.getByRole('heading').waitFor();
  const style = await page.evaluate(() => getComputedStyle(document.querySelector('h1')).fontSize);
  if (style !== '24px') {
    console.error('the page has lost its style: heading of', style);
  }
  if (process.env.SCREENSHOTS) {
    await page.screenshot({ path: `${process.env.SCREENSHOTS}/${button}-${language}.png` });
  }
  console.log(await page.locator('html').getAttribute('lang'), await page.locator('body').innerText());
} catch (e) {
  console.error(e.message);
  failed = true;
} finally {
  await browser.close();
}
process.exit(failed ? 1 : 0);
