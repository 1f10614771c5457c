import type { ContainerInstrument, EngineInstrument } from '../../model/instrument.ts';
import { cadvisorCpu } from './cpu.ts';
import { cadvisorDisk } from './disk.ts';
import { cadvisorElsewhere } from './unavailable.ts';
import { cadvisorMemory } from './memory.ts';
import { cadvisorNetwork } from './network.ts';
import { cadvisorSpec } from './spec.ts';

/** The container metrics of google/cadvisor, name by name. */
export const cadvisorContainers: readonly ContainerInstrument[] = [
  ...cadvisorSpec,
  ...cadvisorCpu,
  ...cadvisorMemory,
  ...cadvisorDisk,
  ...cadvisorNetwork,
  ...cadvisorElsewhere,
];

/** What cAdvisor tells of the host as a whole, as far as an engine knows it. */
export const cadvisorEngine: readonly EngineInstrument[] = [
  {
    ...gauge('machine_cpu_cores', 'Logical CPUs of the host'),
    observe: ({ engine }, observe) => engine.cpus !== undefined && observe(engine.cpus),
  },
  {
    ...gauge('machine_memory_bytes', 'Memory of the host'),
    unit: 'By',
    observe: ({ engine }, observe) => engine.memoryBytes !== undefined && observe(engine.memoryBytes),
  },
  {
    ...gauge('container_scrape_error', '1 while the engine does not answer, else 0'),
    source: 'list',
    observe: ({ containerCount }, observe) => observe(Number(containerCount === undefined)),
  },
];

function gauge(name: string, description: string): Omit<EngineInstrument, 'observe'> {
  return {
    name,
    kind: 'gauge',
    unit: '',
    description,
    attributes: [],
    source: 'info',
    stability: 'peer',
    literal: { type: 'gauge' },
  };
}
