import type { ContainerInstrument } from '../model/instrument.ts';
import { dockerStatsBlockIo } from './docker-stats-block-io.ts';
import { dockerStatsCpu } from './docker-stats-cpu.ts';
import { dockerStatsLifecycle } from './docker-stats-lifecycle.ts';
import { dockerStatsMemory } from './docker-stats-memory.ts';
import { dockerStatsNetwork } from './docker-stats-network.ts';

/** The container metrics of the Collector's docker_stats receiver, name by name. */
export const dockerStatsContainers: readonly ContainerInstrument[] = [
  ...dockerStatsCpu,
  ...dockerStatsMemory,
  ...dockerStatsBlockIo,
  ...dockerStatsNetwork,
  ...dockerStatsLifecycle,
];
