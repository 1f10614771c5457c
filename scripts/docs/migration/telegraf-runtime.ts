import type { Moves } from './moves.ts';

const perState = (state: string) => `container.runtime.containers{container.status.state=${state}}`;
const disk = (type: string) => `container.runtime.disk.usage{container.runtime.object.type=${type}}`;
const inSum = 'the sum over all of them, by runtime';
const ofDaemon = 'of the daemon itself';
const deviceMapper = 'of the storage driver devicemapper, which Docker no longer has';
const swarm = 'Swarm’s own count: the agent sees the containers of one runtime';

/** telegraf's metrics of the runtime as a whole. */
export const telegrafRuntime: Moves = {
  'docker.n_containers': ['tidegauge.runtime.containers', 'by runtime'],
  'docker.n_containers_running': [perState('running')],
  'docker.n_containers_paused': [perState('paused')],
  'docker.n_containers_stopped': [perState('exited'), 'sum of exited, created and dead'],
  'docker.n_images': ['container.runtime.images'],
  'docker.n_cpus': ['', '`machine_cpu_cores` of profile cadvisor'],
  'docker.memory_total': ['', '`machine_memory_bytes` of profile cadvisor'],
  'docker.n_used_file_descriptors': ['', ofDaemon],
  'docker.n_goroutines': ['', ofDaemon],
  'docker.n_listener_events': ['', ofDaemon],
  'docker.pool_blocksize': ['', deviceMapper],
  'docker_data.*': ['', deviceMapper],
  'docker_metadata.*': ['', deviceMapper],
  'docker_devicemapper.*': ['', deviceMapper],
  'docker_disk_usage.layers_size': [disk('image')],
  'docker_disk_usage.size_rw': [disk('container'), inSum],
  'docker_disk_usage.size_root_fs': ['', 'of each container with its image'],
  'docker_disk_usage.size': [disk('volume'), `images and volumes one by one; here ${inSum}`],
  'docker_disk_usage.shared_size': ['', 'of each image'],
  'docker_swarm.tasks_desired': ['', swarm],
  'docker_swarm.tasks_running': ['', swarm],
};
