// Every kind can be drawn as a form and offers itself in words; secrets are never part of a spec.
import { expect, test } from 'vitest'
import { z } from 'zod'
import { channelTypes } from '../../../../src/engine/channels/index.ts'

test('nine kinds, each with words for every field', () => {
  expect(channelTypes.map(({ type }) => type)).toEqual([
    ...['desktop', 'telegram', 'discord', 'slack', 'ntfy', 'gotify', 'email', 'resend', 'webhook'],
  ])
  for (const { spec, title, description } of channelTypes) {
    expect(title && description).toBeTruthy()
    const { properties = {} } = z.toJSONSchema(spec, { io: 'input' })
    for (const [name, field] of Object.entries(properties))
      expect(typeof field === 'object' && field.title, `${title}: ${name}`).toBeTruthy()
  }
})

test('a secret may be absent from a spec, since the vault has it', () => {
  const secrets = channelTypes.flatMap(({ type, spec }) =>
    Object.entries(z.toJSONSchema(spec, { io: 'input' }).properties ?? {}).flatMap(([name, field]) =>
      typeof field === 'object' && field.secret === true ? [{ type, name, spec }] : [],
    ),
  )
  expect(secrets.map(({ type, name }) => `${type}.${name}`)).toEqual([
    ...['telegram.token', 'discord.webhookUrl', 'slack.webhookUrl', 'ntfy.token', 'gotify.token', 'email.password'],
    ...['resend.apiKey', 'webhook.signingKey', 'webhook.headerValue'],
  ])
  for (const { name, spec } of secrets) expect(z.toJSONSchema(spec, { io: 'input' }).required ?? []).not.toContain(name)
})
