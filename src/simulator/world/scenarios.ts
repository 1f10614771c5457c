import type { ContainerSpec } from './container-spec.ts';

const MIB = 2 ** 20;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** The containers of the demo: a shop under Compose, and one of each kind of trouble. */
export function demoContainers(): ContainerSpec[] {
  return [...shop(), ...troubled(), ...atRest()];
}

function shop(): ContainerSpec[] {
  const check = { intervalMillis: 10_000, goodMillis: 1, badMillis: 0 };
  return [
    service('web', {
      image: 'nginx:1.29',
      ports: [{ privatePort: 80, publicPort: 8080 }],
      healthcheck: check,
    }),
    service('api', {
      image: 'registry.example/shop/api:2.14.0',
      ports: [{ privatePort: 3000 }],
      healthcheck: check,
      limits: { cpus: 2, memoryBytes: 512 * MIB, pids: 200 },
      load: { cpus: 0.45, memoryBytes: 260 * MIB },
    }),
    service('worker', {
      image: 'registry.example/shop/api:2.14.0',
      load: { cpus: 0.8, memoryBytes: 190 * MIB },
    }),
    service('db', {
      image: 'postgres:18',
      mounts: [{ type: 'volume', source: 'shop_db', destination: '/var/lib/postgresql' }],
      limits: { memoryBytes: 1024 * MIB, memoryReservationBytes: 512 * MIB },
      load: { memoryBytes: 320 * MIB, cacheBytes: 500 * MIB, writtenBytesPerSecond: 700_000 },
    }),
    service('cache', {
      image: 'redis:8',
      limits: { memoryBytes: 128 * MIB },
      load: { memoryBytes: 60 * MIB },
    }),
  ];
}

function service(name: string, spec: Omit<ContainerSpec, 'name'>): ContainerSpec {
  return {
    name: `shop-${name}-1`,
    networks: name === 'web' ? ['shop_default', 'edge'] : ['shop_default'],
    restart: 'unless-stopped',
    ageMillis: 5 * HOUR,
    labels: {
      'com.docker.compose.project': 'shop',
      'com.docker.compose.service': name,
      'com.docker.compose.container-number': '1',
      'com.docker.compose.oneoff': 'False',
      'com.docker.compose.project.config_files': '/srv/shop/compose.yaml',
      'com.docker.compose.project.working_dir': '/srv/shop',
      'com.docker.compose.version': '2.40.3',
    },
    ...spec,
  };
}

function troubled(): ContainerSpec[] {
  return [
    {
      name: 'mail-importer',
      image: 'registry.example/mail-importer:0.3',
      restart: 'always',
      ageMillis: 2 * HOUR,
      restartCount: 41,
      // Moby would wait a minute by now; the demo should show it restart.
      maxBackoffMillis: 5000,
      ending: { afterMillis: 4000, exitCode: 1 },
    },
    {
      name: 'report-generator',
      image: 'registry.example/reports:1.9',
      limits: { memoryBytes: 256 * MIB },
      load: { cacheBytes: 20 * MIB },
      ageMillis: 26 * HOUR,
      ending: { afterMillis: 40_000, exitCode: 137, outOfMemory: true, startedAgainAfterMillis: 15_000 },
    },
    {
      name: 'video-encoder',
      image: 'registry.example/encoder:7',
      limits: { cpus: 0.5 },
      load: { cpus: 1.7, readBytesPerSecond: 4_000_000, writtenBytesPerSecond: 1_500_000 },
      ageMillis: 2 * HOUR,
    },
    {
      name: 'search',
      image: 'registry.example/search:9.2',
      healthcheck: { intervalMillis: 5000, goodMillis: 40_000, badMillis: 30_000 },
      load: { cpus: 0.3, memoryBytes: 600 * MIB },
      ageMillis: HOUR,
    },
  ];
}

function atRest(): ContainerSpec[] {
  return [
    { name: 'staging-web', image: 'nginx:1.29', initially: 'paused', ageMillis: 3 * HOUR },
    {
      name: 'db-migration',
      image: 'registry.example/shop/api:2.14.0',
      initially: 'exited',
      ageMillis: 5 * HOUR,
    },
    {
      name: 'next-release',
      image: 'registry.example/shop/api:2.15.0-rc.1',
      initially: 'created',
      ageMillis: 9 * MINUTE,
    },
  ];
}
