{{/* The injector's container, without its name; takes the chart's context. */}}
{{- define "remora.injector.container" -}}
image: {{ include "remora.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
args:
  - inject
  - --template
  - /etc/remora-injector/template.yaml
  - --certificates
  - /var/run/remora-injector/tls
  - --listen
  - {{ printf "%s:8443" .Values.injector.listenHost | quote }}
  - --listen-probe
  - {{ printf "%s:8080" .Values.injector.listenHost | quote }}
  - --log-level
  - {{ .Values.injector.logLevel }}
ports:
  - {name: https, containerPort: 8443, protocol: TCP}
  - {name: probe, containerPort: 8080, protocol: TCP}
startupProbe:
  httpGet: {path: /healthz, port: probe}
  periodSeconds: 1
  timeoutSeconds: 2
  failureThreshold: 60
livenessProbe:
  httpGet: {path: /healthz, port: probe}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet: {path: /readyz, port: probe}
  periodSeconds: 2
  timeoutSeconds: 2
  failureThreshold: 2
resources:
  {{- toYaml .Values.injector.resources | nindent 2 }}
securityContext:
  {{- include "remora.securityContext" . | nindent 2 }}
terminationMessagePolicy: FallbackToLogsOnError
volumeMounts:
  - {name: template, mountPath: /etc/remora-injector, readOnly: true}
  - {name: tls, mountPath: /var/run/remora-injector/tls, readOnly: true}
{{- end -}}
