{{/*
The sidecar's container, written once: for the injector's template, for other charts, and for the standalone deployment.

For a chart that has this one as a dependency, each takes its context, .Subcharts.remora:
  remora.sidecar.native       "true" for a native sidecar, which belongs into initContainers; else empty
  remora.sidecar.container    one container
  remora.sidecar.volumes      the list of its volumes
  remora.sidecar.env          the list of variables for the app's containers
  remora.sidecar.gracePeriod  the least terminationGracePeriodSeconds of the pod
*/}}

{{- define "remora.sidecar.native" -}}
{{- $native := toString .Values.sidecar.native -}}
{{- if eq $native "auto" -}}
{{- if semverCompare ">=1.29-0" .Capabilities.KubeVersion.Version }}true{{ end -}}
{{- else if eq $native "true" -}}true{{- end -}}
{{- end -}}

{{- define "remora.sidecar.container" -}}
{{ include "remora.sidecar.base" (dict "root" . "host" "127.0.0.1" "secrets" .Values.sidecar.secrets) }}
{{- if include "remora.sidecar.native" . }}
restartPolicy: Always
{{- end }}
{{- end -}}

{{- define "remora.sidecar.env" -}}
- name: REMORA_ADDRESS
  value: {{ printf "127.0.0.1:%d" (int .Values.sidecar.grpcPort) | quote }}
{{- end -}}

{{/* A native sidecar is stopped after the app and within the same time; an app that needs long to end adds its own. */}}
{{- define "remora.sidecar.gracePeriod" -}}
{{- max 30 (add (int .Values.sidecar.drainSeconds) 5) -}}
{{- end -}}

{{/* Takes (dict "root" CONTEXT "host" ADDRESS "secrets" NAMES "tls" SECRET); the latter two may be missing. */}}
{{- define "remora.sidecar.base" -}}
{{- $sidecar := .root.Values.sidecar -}}
name: remora
image: {{ include "remora.image" .root | quote }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
args:
  - serve
  - --config
  - /etc/remora/remora.yaml
  - --listen-grpc
  - {{ printf "%s:%d" .host (int $sidecar.grpcPort) | quote }}
  - --listen-probe
  - {{ printf "%s:%d" $sidecar.probeHost (int $sidecar.probePort) | quote }}
  - --log-level
  - {{ $sidecar.logLevel }}
  - --drain-s
  - {{ int $sidecar.drainSeconds | quote }}
  - --max-bytes-in-flight
  - {{ int64 $sidecar.maxBytesInFlight | quote }}
env:
  {{- include "remora.sidecar.variables" .root | nindent 2 }}
ports:
  - name: remora-grpc
    containerPort: {{ int $sidecar.grpcPort }}
    protocol: TCP
  - name: remora-probe
    containerPort: {{ int $sidecar.probePort }}
    protocol: TCP
{{ include "remora.sidecar.probes" . }}
resources:
  {{- toYaml ($sidecar.resources | default dict) | nindent 2 }}
securityContext:
  {{- include "remora.securityContext" .root | nindent 2 }}
terminationMessagePolicy: FallbackToLogsOnError
volumeMounts:
  - name: remora-config
    mountPath: /etc/remora
    readOnly: true
  {{- range $index, $name := .secrets }}
  - name: remora-secret-{{ add1 $index }}
    mountPath: {{ printf "/var/run/secrets/remora/%s" $name | quote }}
    readOnly: true
  {{- end }}
  {{- if .tls }}
  - name: remora-tls
    mountPath: /etc/remora-tls
    readOnly: true
  {{- end }}
{{- end -}}

{{/*
Whose the spans are: the pod's namespace and name as OpenTelemetry's attributes. A name that sidecar.env has is left to it.
What is referred to as $(NAME) must stand before.
*/}}
{{- define "remora.sidecar.variables" -}}
{{- $given := dict -}}
{{- range .Values.sidecar.env }}{{ $_ := set $given .name true }}{{ end -}}
{{- $variables := list -}}
{{- range $name, $field := dict "POD_NAME" "metadata.name" "POD_NAMESPACE" "metadata.namespace" -}}
{{- if not (hasKey $given $name) -}}
{{- $variables = append $variables (dict "name" $name "valueFrom" (dict "fieldRef" (dict "fieldPath" $field))) -}}
{{- end -}}
{{- end -}}
{{- $variables = concat $variables .Values.sidecar.env -}}
{{- if not (hasKey $given "OTEL_RESOURCE_ATTRIBUTES") -}}
{{- $whose := "k8s.namespace.name=$(POD_NAMESPACE),k8s.pod.name=$(POD_NAME)" -}}
{{- $variables = append $variables (dict "name" "OTEL_RESOURCE_ATTRIBUTES" "value" $whose) -}}
{{- end -}}
{{- toYaml $variables -}}
{{- end -}}

{{/*
Nothing here asks for providers: a sidecar is not restarted, nor its pod taken out of service, because an upstream is down.
The startup probe is the gate that an app waits behind where the sidecar is native.
*/}}
{{- define "remora.sidecar.probes" -}}
startupProbe:
  httpGet: {path: /readyz, port: remora-probe}
  periodSeconds: 1
  timeoutSeconds: 2
  failureThreshold: 60
livenessProbe:
  httpGet: {path: /healthz, port: remora-probe}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet: {path: /readyz, port: remora-probe}
  periodSeconds: 5
  timeoutSeconds: 2
  failureThreshold: 3
{{- end -}}

{{/* Whole directories: what is mounted by subPath, or given as a variable, never changes while a pod lives. */}}
{{- define "remora.sidecar.volumes" -}}
{{ include "remora.sidecar.baseVolumes" (dict "configMap" .Values.sidecar.configMap "secrets" .Values.sidecar.secrets) }}
{{- end -}}

{{/* Takes (dict "configMap" NAME "secrets" NAMES "tls" SECRET); the latter two may be missing. */}}
{{- define "remora.sidecar.baseVolumes" -}}
- name: remora-config
  configMap:
    name: {{ .configMap | quote }}
{{- range $index, $name := .secrets }}
- name: remora-secret-{{ add1 $index }}
  secret:
    secretName: {{ $name | quote }}
{{- end }}
{{- if .tls }}
- name: remora-tls
  secret:
    secretName: {{ .tls | quote }}
{{- end }}
{{- end -}}
