import type { ContainerInstrument } from '../../model/instrument.ts';
import { dockerStatsBlockIo } from './block-io.ts';
import { dockerStatsCpu } from './cpu.ts';
import { dockerStatsLifecycle } from './lifecycle.ts';
import { dockerStatsMemory } from './memory.ts';
import { dockerStatsNetwork } from './network.ts';

/** The container metrics of the Collector's docker_stats receiver, name by name. */
export const dockerStatsContainers: readonly ContainerInstrument[] = [
  ...dockerStatsCpu,
  ...dockerStatsMemory,
  ...dockerStatsBlockIo,
  ...dockerStatsNetwork,
  ...dockerStatsLifecycle,
];
