import type { ContainerSpec } from './container-spec.ts';
import { createRandom } from './random.ts';

const IMAGES = [
  'nginx:1.29',
  'postgres:18',
  'redis:8',
  'registry.example/app:3.1',
  'registry.example/jobs:0.9',
];
const MIB = 2 ** 20;
const DAY = 24 * 3_600_000;

/** Specs of that many containers that just run; for load tests. */
export function ordinaryContainers(seed: string, count: number): ContainerSpec[] {
  const random = createRandom(`${seed}/ordinary`);
  return Array.from({ length: count }, (_, index) => ordinaryContainer(index + 1, random));
}

function ordinaryContainer(number: number, random: () => number): ContainerSpec {
  const image = IMAGES[Math.floor(random() * IMAGES.length)] ?? 'busybox:1';
  return {
    name: `ordinary-${String(number).padStart(5, '0')}`,
    image,
    labels: {
      'com.example.team': `team-${number % 7}`,
      'com.example.stage': number % 3 === 0 ? 'staging' : 'production',
      'org.opencontainers.image.version': image.split(':')[1] ?? '1',
    },
    restart: 'unless-stopped',
    ageMillis: Math.floor(random() * 20 * DAY),
    limits: random() < 0.5 ? {} : { memoryBytes: 512 * MIB, cpus: 1 },
  };
}
