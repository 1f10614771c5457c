import { skewMillis, tolerance } from './compare.ts';

/** The documentation's text on the comparison with cAdvisor, by metric where values may differ. */
export const cadvisorIntroduction = `## cAdvisor

A real cAdvisor (built from \`test/components/cadvisor\`, housekeeping each second) and the agent with \`--profile cadvisor\` run beside each other at the same runtimes and containers, and cAdvisor is scraped at each reading. Both show all that they can, also what is off by default: every group of cAdvisor's but \`perf_event\` and \`resctrl\`, which take privileges, the host's root (\`id="/"\`, in the column "where" as \`/\`) and the machine; the agent measures disk usage every 10 s here. What cAdvisor shows and the agent does not read stands below each table, with the reason; series are paired by all their labels (\`id\`, \`image\`, \`container_label_*\` and the machine's ids too, left out below), an empty one counting as none. The rules are the same: a counter lies within what ours was from before to ${skewMillis / 1000} s after cAdvisor's own time stamp, anything else there too or within ${tolerance * 100} %; points in time may differ by ${skewMillis / 1000} s.

What differs, and why:

- All that the kernel counts: cAdvisor reads it at its housekeeping, which may be a second before the scrape, so its time stamp is what ours are compared at.
- \`container_cpu_cfs_*\`, \`container_spec_cpu_quota\`: of containers with a quota alone, on both sides.
- \`container_creation_time_seconds\`, \`container_health_state\`, \`container_memory_file_dirty_bytes\`, \`container_memory_file_writeback_bytes\`: only ours, as newer releases of cAdvisor than the published library have them.
- \`container_start_time_seconds\`: cAdvisor gives when the container was created, we when it last started, which is a moment later for one that never restarted.
- \`container_last_seen\`: cAdvisor gives the time of the scrape, we that of the runtime's reading.
- \`container_memory_failcnt\`: cAdvisor shows 0 on cgroup v2, we the hits of the limit by the kernel's files.
- \`container_pressure_*\`: on cgroup v1 cAdvisor shows zeros, which are left out; we what the host's tree of version 2 counts.
- \`container_memory_usage_bytes\`, \`container_memory_working_set_bytes\`, \`container_memory_rss\`, \`container_memory_cache\`, \`container_memory_mapped_file\`, \`container_memory_kernel_usage\`: they move between the two readings while processes come and go, and have the same floor of 256 KiB.
- \`container_threads\`, \`container_processes\`, \`container_tasks_state\`: may differ by 2, \`container_network_tcp_usage_total\` and its like by 4, \`container_file_descriptors\` and \`container_sockets\` by 8, as a process that serves one request comes and goes between two readings with what it has open.
- \`container_tasks_state\`: cAdvisor asks the kernel's taskstats, which since Linux 6.1 lack most tasks that sleep (those that may be frozen meanwhile); we count every task by its own file. Sleeping ones, and those of the root, which change from moment to moment, are left out here.
- The root's memory is the whole machine's, and moves by some percent between two readings while other work comes and goes.
- \`container_memory_failures_total\` of the root: cAdvisor shows the figure of the cgroup alone under \`scope="hierarchy"\`, too, which is left out here; we the kernel's figure with all cgroups below.
- \`container_start_time_seconds\` of the root: cAdvisor gives when the cgroup tree was made, some seconds after the host's start, which we give; left out here.
- \`container_fs_usage_bytes\`, \`container_fs_limit_bytes\`, \`container_fs_inodes_*\` of the root: of devices; cAdvisor's series of file systems without one (each container's overlay, which is on a device that has its own series, and \`tmpfs\`) are left out here.
- \`container_fs_inodes_total\`, \`container_fs_inodes_free\` of containers: cAdvisor gives the inodes of the writable layer as the total, and 0 as free; we both of the file system, as the names say; left out here.
- \`cadvisor_version_info\`: without the labels of cAdvisor's own version, and the runtime's, which its library leaves empty.
- \`machine_*\`: cAdvisor reads them when it starts.
- \`container_network_*\`: of the interfaces in the container, and so of those with a network of their own.
- \`container_fs_*\`, \`container_blkio_device_usage_total\`: both name devices \`/dev/vda\`; cAdvisor's series of a device that the container's cgroup has no figures of are those of the host's whole file system, the same for every container, and are left out here.
- \`container_spec_*\`: cAdvisor reads the cgroup's files and we the runtime's configuration, so on cgroup v2 weights and swap differ as [the migration page](migration/cadvisor.md) says.

The current Docker Engine was built from its module and does not know its version, without which cAdvisor reads none of its containers: a proxy adds the version to what cAdvisor gets.
`;
