{{- define "tidegauge.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end }}

{{- define "tidegauge.fullname" -}}
{{- $name := include "tidegauge.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{- define "tidegauge.selectorLabels" -}}
app.kubernetes.io/name: {{ include "tidegauge.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "tidegauge.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "tidegauge.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "tidegauge.serviceAccountName" -}}
{{- $ifEmpty := ternary (include "tidegauge.fullname" .) "default" .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default $ifEmpty -}}
{{- end }}

{{- define "tidegauge.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{- printf "%s@%s" .repository .digest -}}
{{- else -}}
{{- printf "%s:%s" .repository (.tag | default $.Chart.AppVersion) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* Whether a variable of extraEnv has the name given as second item; empty means no. */}}
{{- define "tidegauge.hasEnv" -}}
{{- $values := index . 0 -}}
{{- $name := index . 1 -}}
{{- range $values.extraEnv -}}
{{- if eq .name $name -}}yes{{- end -}}
{{- end -}}
{{- end }}

{{/* Whether anything says where to push; empty means no. */}}
{{- define "tidegauge.pushes" -}}
{{- .Values.otlp.endpoint -}}
{{- include "tidegauge.hasEnv" (list .Values "OTEL_EXPORTER_OTLP_ENDPOINT") -}}
{{- include "tidegauge.hasEnv" (list .Values "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT") -}}
{{- end }}

{{/* Whether a runtime is reached through a socket of the node; empty means no. */}}
{{- define "tidegauge.usesSocket" -}}
{{- range .Values.docker.urls -}}
{{- if hasPrefix "unix://" . -}}yes{{- end -}}
{{- end -}}
{{- end }}

{{/* Whether the node's cgroup tree and /proc are mounted: for a runtime of this node; empty means no. */}}
{{- define "tidegauge.readsKernelFiles" -}}
{{- if .Values.kernelFiles.enabled -}}{{- include "tidegauge.usesSocket" . -}}{{- end -}}
{{- end }}

{{/* The agent's configuration file. Without an endpoint the default exporters would push to the pod itself. */}}
{{- define "tidegauge.config" -}}
{{- $defaults := dict "docker_url" .Values.docker.urls -}}
{{- if not (include "tidegauge.pushes" .) -}}
{{- $_ := set $defaults "exporter" (list "prometheus") -}}
{{- end -}}
{{- mergeOverwrite $defaults (deepCopy (.Values.config | default dict)) | toYaml -}}
{{- end }}

{{/* The agent's own resource, percent-encoded as the variable asks for. */}}
{{- define "tidegauge.resourceAttributes" -}}
k8s.node.name=$(NODE_NAME)
{{- range $key, $value := .Values.resourceAttributes -}}
,{{ $key }}={{ $value | urlquery | replace "+" "%20" }}
{{- end -}}
{{- end }}

{{/* 60 % of a memory quantity, in MiB: the rest is for what Node keeps outside its heap. */}}
{{- define "tidegauge.heapMebibytes" -}}
{{- $bytes := dict "" 1 "k" 1e3 "M" 1e6 "G" 1e9 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 -}}
{{- $number := regexFind "^[0-9.]+" . -}}
{{- $unit := trimPrefix $number . -}}
{{- divf (mulf (float64 $number) (float64 (get $bytes $unit)) 0.6) 1048576 | floor | int -}}
{{- end }}

{{/* Fails on values that contradict each other, naming what to set instead. */}}
{{- define "tidegauge.validate" -}}
{{- $instead := dict "docker_url" "docker.urls" "listen" "listen.host and listen.port" "otlp_endpoint" "otlp.endpoint" "otlp_headers" "otlp.headersSecret" "resource_attributes" "resourceAttributes" -}}
{{- range $key, $_ := .Values.config -}}
{{- with get $instead $key -}}
{{- fail (printf "config.%s: set %s instead" $key .) -}}
{{- end -}}
{{- end -}}
{{- $own := dict "NODE_NAME" "" "NODE_IP" "" "OTEL_RESOURCE_ATTRIBUTES" ", from resourceAttributes" "OTEL_EXPORTER_PROMETHEUS_HOST" ", from listen.host" "OTEL_EXPORTER_PROMETHEUS_PORT" ", from listen.port" -}}
{{- if .Values.otlp.endpoint -}}
{{- $_ := set $own "OTEL_EXPORTER_OTLP_ENDPOINT" ", from otlp.endpoint" -}}
{{- end -}}
{{- if .Values.otlp.headersSecret.name -}}
{{- $_ := set $own "OTEL_EXPORTER_OTLP_HEADERS" ", from otlp.headersSecret" -}}
{{- end -}}
{{- range .Values.extraEnv -}}
{{- if hasKey $own .name -}}
{{- fail (printf "extraEnv: the chart itself sets %s%s" .name (get $own .name)) -}}
{{- end -}}
{{- end -}}
{{- if hasSuffix ".sock" .Values.docker.socketDirectory -}}
{{- fail (printf "docker.socketDirectory: %s is a socket; give the directory that holds it" .Values.docker.socketDirectory) -}}
{{- end -}}
{{- range .Values.docker.urls -}}
{{- if and (hasPrefix "unix://" .) (not (hasPrefix "unix:///host/run/" .)) -}}
{{- fail (printf "docker.urls: %s is not below /host/run, where docker.socketDirectory is mounted" .) -}}
{{- end -}}
{{- end -}}
{{- end }}
