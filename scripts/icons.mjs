// `npm run icons`: draws the app's icon and the tray images and rasterises them with a Chromium; the results are committed.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chromium } from 'playwright'
import { root } from './lib/environment.mjs'

const sizes = [16, 24, 32, 48, 64, 128, 256, 512, 1024]
const resources = join(root, 'resources')

/** A ship's wheel around 0,0 that reaches 100 units: eight spokes with handles, rim and hub. */
function wheel(colour, { spokes = 8, rim = 12, spoke = 8, handle = 15 } = {}) {
  const arms = Array.from({ length: spokes }, (_, index) => {
    const turn = (360 / spokes) * index
    return (
      `<g transform="rotate(${turn})"><line y1="-18" y2="-70" stroke-width="${spoke}"/>` +
      `<line y1="-66" y2="-92" stroke-width="${handle}" stroke-linecap="round"/></g>`
    )
  })
  return (
    `<g fill="none" stroke="${colour}"><circle r="56" stroke-width="${rim}"/>` +
    `<circle r="18" stroke-width="${rim - 2}"/>${arms.join('')}</g>`
  )
}

const svg = (view, body) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${view}"><title>Quarterdeck</title>${body}</svg>\n`

const appIcon = svg(
  '0 0 256 256',
  '<defs><linearGradient id="sea" x2="0" y2="1"><stop offset="0" stop-color="#1f4e79"/><stop offset="1" stop-color="#0b2038"/>' +
    '</linearGradient></defs><rect x="12" y="12" width="232" height="232" rx="52" fill="url(#sea)"/>' +
    `<g transform="translate(128 128) scale(0.88)">${wheel('#f4efe3')}</g>`,
)

// Small sizes: fewer and bolder strokes, or the wheel turns into a grey smudge.
const smallIcon = svg(
  '0 0 256 256',
  '<rect x="4" y="4" width="248" height="248" rx="52" fill="#163d62"/>' +
    `<g transform="translate(128 128) scale(1.06)">${wheel('#f4efe3', { spokes: 6, rim: 18, spoke: 14, handle: 24 })}</g>`,
)

// Each state has a shape of its own beside its colour: colour alone says nothing to many people.
const line = 'fill="none" stroke="#fff" stroke-width="16" stroke-linecap="round" stroke-linejoin="round"'
const states = {
  healthy: ['#2e9e5b', `<path d="M-24 2 L-7 20 L25 -18" ${line}/>`],
  degraded: ['#d98a00', `<path d="M0 -28 V6 M0 27 V28" ${line}/>`],
  unhealthy: ['#d33c3c', `<path d="M-20 -20 L20 20 M20 -20 L-20 20" ${line}/>`],
  unknown: ['#7b8794', `<path d="M-24 0 H24" ${line}/>`],
  maintenance: ['#2f7fd6', `<path d="M-13 -24 V24 M13 -24 V24" ${line}/>`],
}

// Grey of middle lightness: seen on light panels and on dark ones.
const trayIcon = ([colour, sign]) =>
  svg(
    '0 0 256 256',
    `<g transform="translate(116 116) scale(1.04)">${wheel('#8d9aa8', { spokes: 6, rim: 18, spoke: 15, handle: 26 })}</g>` +
      `<g transform="translate(186 186) scale(1.25)"><circle r="54" fill="${colour}"/>${sign}</g>`,
  )

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
})
const page = await browser.newPage()

async function rasterise(drawing, size, file) {
  await page.setViewportSize({ width: size, height: size })
  await page.setContent(`<style>body{margin:0}svg{display:block;width:${size}px;height:${size}px}</style>${drawing}`)
  await page.screenshot({ path: file, omitBackground: true })
}

mkdirSync(join(resources, 'icons'), { recursive: true })
writeFileSync(join(resources, 'icon.svg'), appIcon)
await rasterise(appIcon, 512, join(resources, 'icon.png'))
for (const size of sizes)
  await rasterise(size < 48 ? smallIcon : appIcon, size, join(resources, 'icons', `${size}x${size}.png`))
for (const [state, look] of Object.entries(states)) {
  await rasterise(trayIcon(look), 24, join(resources, `tray-${state}.png`))
  await rasterise(trayIcon(look), 48, join(resources, `tray-${state}@2x.png`))
}
await browser.close()
