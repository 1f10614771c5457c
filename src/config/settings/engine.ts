import { apiVersion, boolean, integer, text } from '../types/scalars.ts';
import { dockerUrl } from '../types/docker-url.ts';
import { listOf } from '../types/list-of.ts';
import type { SettingTable } from './setting.ts';

/** Which engines, and how they are reached. */
export const engineSettings = {
  dockerUrl: {
    type: listOf(dockerUrl()).optional(),
    defaultText: 'DOCKER_HOST, the Docker context, rootless and Podman sockets, unix:///var/run/docker.sock',
    group: 'Engine',
    help: 'Engine to measure (unix, tcp, http, https, ssh, npipe); may be repeated',
    example: 'unix:///var/run/docker.sock',
    isRepeatable: true,
  },
  dockerTlsCa: {
    type: text('a file').optional(),
    defaultText: 'ca.pem in DOCKER_CERT_PATH',
    group: 'Engine',
    help: "Certificate authority of the engine's certificate",
    example: '/etc/tidegauge/ca.pem',
    isPem: true,
  },
  dockerTlsCert: {
    type: text('a file').optional(),
    defaultText: 'cert.pem in DOCKER_CERT_PATH',
    group: 'Engine',
    help: 'Client certificate shown to the engine',
    example: '/etc/tidegauge/cert.pem',
    isPem: true,
  },
  dockerTlsKey: {
    type: text('a file').optional(),
    defaultText: 'key.pem in DOCKER_CERT_PATH',
    group: 'Engine',
    help: 'Key of the client certificate',
    example: '/etc/tidegauge/key.pem',
    isPem: true,
  },
  dockerTlsVerify: {
    type: boolean().optional(),
    defaultText: 'as DOCKER_TLS_VERIFY or the Docker context has it where no file is named above, else true',
    group: 'Engine',
    help: "Verify the engine's certificate",
    example: 'false',
  },
  dockerApiVersion: {
    type: apiVersion().optional(),
    defaultText: 'negotiated',
    group: 'Engine',
    help: 'Engine API version to speak',
    example: '1.41',
  },
  replay: {
    type: text('a folder').optional(),
    defaultText: 'none',
    group: 'Engine',
    help: 'Measure an engine that replays the recorded answers of this folder instead of a real one',
    example: '/var/lib/recordings/monday',
  },
  demo: {
    type: boolean(),
    default: 'false',
    group: 'Engine',
    help: 'Measure a simulated engine instead of a real one',
    example: 'true',
  },
  demoContainers: {
    type: integer(0, 100_000),
    default: '12',
    group: 'Engine',
    help: 'Number of containers of the simulated engine; the 12 of its story are always there',
    example: '1000',
  },
  demoSeed: {
    type: integer(0, 2 ** 32 - 1),
    default: '1',
    group: 'Engine',
    help: 'Seed of the simulated engine: the same seed, the same containers',
    example: '42',
  },
} as const satisfies SettingTable;
