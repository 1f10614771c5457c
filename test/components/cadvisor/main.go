// cAdvisor as its own program makes it, from the published library: the program's module is not published.
// It has cAdvisor's manager, its Docker handler, its collectors and its default choice of metrics, the processes besides.
package main

import (
	"flag"
	"log"
	"net/http"
	"time"

	"github.com/google/cadvisor/cache/memory"
	"github.com/google/cadvisor/container"
	_ "github.com/google/cadvisor/container/docker/install"
	info "github.com/google/cadvisor/info/v2"
	"github.com/google/cadvisor/manager"
	"github.com/google/cadvisor/metrics"
	"github.com/google/cadvisor/utils/sysfs"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
)

// What cAdvisor's own program leaves out by default, without the processes: profile cadvisor counts threads.
var offByDefault = container.MetricSet{
	container.MemoryNumaMetrics: {}, container.NetworkTcpUsageMetrics: {}, container.NetworkUdpUsageMetrics: {},
	container.NetworkAdvancedTcpUsageMetrics: {}, container.ProcessSchedulerMetrics: {},
	container.HugetlbUsageMetrics: {}, container.ReferencedMemoryMetrics: {}, container.CPUTopologyMetrics: {},
	container.ResctrlMetrics: {}, container.CPUSetMetrics: {},
}

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "address of /metrics")
	flag.Var(&offByDefault, "disable_metrics", "kinds of metrics to leave out, separated by commas")
	klog.InitFlags(nil)
	flag.Parse()
	included := container.AllMetrics.Difference(offByDefault)
	m, err := manager.New(memory.New(2*time.Minute, nil), sysfs.NewRealSysFs(), manager.HousekeepingConfigFlags,
		included, http.DefaultClient, []string{""}, []string{""}, "", 0)
	if err != nil {
		log.Fatal(err)
	}
	if err := m.Start(); err != nil {
		log.Fatal(err)
	}
	all := info.RequestOptions{IdType: info.TypeName, Count: 1, Recursive: true}
	collector := metrics.NewPrometheusCollector(m, metrics.DefaultContainerLabels, included, clock.RealClock{}, all)
	registry := prometheus.NewRegistry()
	registry.MustRegister(collector, metrics.NewPrometheusMachineCollector(m, included))
	http.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}))
	log.Fatal(http.ListenAndServe(*listen, nil))
}
