// The POSIX sh that finds a program on a host that knows SQLite; knows no database.

/** `tool` sets $tool: python3, sqlite3 or none. */
export const sqliteTool = `has() { command -v "$1" >/dev/null 2>&1; }
tool() { if has python3 && python3 -c 'import sqlite3' 2>/dev/null; then tool=python3
  elif has sqlite3; then tool=sqlite3; else tool=none; fi; }`
