// Fits the collector to this computer, which need not be a Linux: where parts are missing it says so, and metrics still work (R6).
import { existsSync } from 'node:fs'
import { AppError } from '../../shared/errors.ts'
import type { Clock } from '../lib/clock.ts'
import type { Collector, JournalReader } from '../ports.ts'
import { localFacts } from './local-facts.ts'
import { createLocalSampler } from './local-sampler.ts'

/** `hasProc` and `hasSystemd` are for tests. */
export interface LocalCollectorOptions {
  readonly clock: Clock
  readonly hasProc?: boolean
  readonly hasSystemd?: boolean
}

/** `collector` does all it can do over a local link; the rest is done here. */
export function createLocalCollector(collector: Collector, options: LocalCollectorOptions): Collector {
  const { clock } = options
  const hasProc = options.hasProc ?? existsSync('/proc/stat')
  // sd_booted(3): the folder is there exactly where systemd is the init
  const hasSystemd = options.hasSystemd ?? existsSync('/run/systemd/system')
  return {
    facts: async (link, host) => (hasProc ? await collector.facts(link, host) : await localFacts()),
    units: async (link, host, scope) => {
      if (!hasSystemd) throw noSystemd()
      return await collector.units(link, host, scope)
    },
    journal: (link, host) => (hasSystemd ? collector.journal(link, host) : noJournal(collector.journal(link, host))),
    metrics: async (link, host) =>
      hasProc ? await collector.metrics(link, host) : createLocalSampler({ hostId: link.hostId, clock }),
  }
}

function noSystemd(): AppError {
  return new AppError('NOT_SYSTEMD', 'This computer does not run systemd', {
    hint: 'Its CPU, memory, disks and network are watched; services and journal are there on hosts with systemd.',
  })
}

function noJournal(reader: JournalReader): JournalReader {
  const refuse = (): Promise<never> => Promise.reject(noSystemd())
  return {
    page: refuse,
    boots: refuse,
    transitions: refuse,
    command: filter => reader.command(filter),
    read: () => ({ [Symbol.asyncIterator]: () => ({ next: refuse }) }),
  }
}
