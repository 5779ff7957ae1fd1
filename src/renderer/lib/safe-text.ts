// Where screens find how text from a host is made harmless; the rules are shared with what the engine sends out.
export { safeShort, safeText } from '../../shared/safe-text.ts'
