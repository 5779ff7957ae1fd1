// Proves that quitting asks only while something is half done, by default waits for it, and keeps to the last answer.
import { expect, it } from 'vitest'
import { type Answer, createLastWord, type Question, questionOf } from '../../../src/main/last-word.ts'
import type { Unfinished } from '../../../src/shared/model/settings.ts'

const restore: Unfinished = { what: 'a restore of Stats', hostName: 'web-1', units: ['stats-bot.service'] }

function make(all: Unfinished[]) {
  const asked: ((answer: Answer) => void)[] = []
  const questions: Question[] = []
  const mayEnd = createLastWord({
    unfinished: async () => all,
    ask: question => {
      questions.push(question)
      return new Promise(resolve => asked.push(resolve))
    },
    everyMs: 1,
  })
  return { mayEnd, asked, questions }
}

const settle = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 5))

it('asks nobody where nothing is half done', async () => {
  const { mayEnd, asked } = make([])
  expect(await mayEnd()).toBe(true)
  expect(asked).toEqual([])
})

it('quits or stays as a person says, and asks once at a time', async () => {
  const { mayEnd, asked } = make([restore])
  const first = mayEnd()
  await settle()
  expect(await mayEnd()).toBe(false)
  asked[0]?.('stay')
  expect(await first).toBe(false)
  const second = mayEnd()
  await settle()
  asked[1]?.('quit')
  expect(await second).toBe(true)
  expect(asked).toHaveLength(2)
})

it('waits until it is over, and asks again whoever quits meanwhile', async () => {
  const all = [restore]
  const { mayEnd, asked } = make(all)
  const first = mayEnd()
  await settle()
  asked[0]?.('wait')
  await settle()
  const second = mayEnd()
  await settle()
  asked[1]?.('wait')
  expect(await first).toBe(false)
  all.length = 0
  expect(await second).toBe(true)
})

it('says what it is, what is stopped for it, and offers to wait first', () => {
  const one = questionOf([restore])
  expect(one.message).toBe('A restore of Stats on web-1 is under way')
  expect(one.detail).toMatch(
    /^stats-bot\.service is stopped meanwhile\. If you quit now, it is undone, finished or broken off/,
  )
  expect(one.buttons).toEqual(['Wait, then quit', 'Quit now', 'Cancel'])
  const two = questionOf([restore, { what: 'the task Tidy', hostName: 'web-2', units: [] }])
  expect(two.message).toBe('2 things are under way:\nA restore of Stats on web-1\nThe task Tidy on web-2')
})
