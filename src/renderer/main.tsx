// The page's entry: styles, theme, remotes, then React. Nothing else happens here.
import '@fontsource-variable/inter/index.css'
import './styles/tokens.css'
import './styles/base.css'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { openRemotes } from './engine.ts'
import { applyRememberedTheme } from './lib/theme.ts'

applyRememberedTheme()
const root = document.getElementById('root')
if (!root) throw new Error('The page has no #root')
createRoot(root).render(<App remotes={openRemotes()} />)
