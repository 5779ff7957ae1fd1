// The schema of an error that comes from elsewhere, apart from the error itself: a page needs the class long before it has something to parse.
import { z } from 'zod'
import { errorCodes, type ErrorShape as Shape } from './errors.ts'

export const ErrorShape = z.object({
  code: z.enum(errorCodes),
  message: z.string(),
  hint: z.string().optional(),
  detail: z.record(z.string(), z.unknown()).optional(),
}) satisfies z.ZodType<Shape>
export type ErrorShape = Shape
