{{/* All take the chart's context. */}}

{{- define "remora.standalone.configMap" -}}
{{- .Values.standalone.configMap | default (printf "%s-standalone" (include "remora.fullname" .)) -}}
{{- end -}}

{{/* The configuration with what protects the listener; addresses are told on the command line. */}}
{{- define "remora.standalone.config" -}}
{{- $listen := dict "insecure" true -}}
{{- if .Values.standalone.tls.secretName -}}
{{- $tls := dict "cert" "/etc/remora-tls/tls.crt" "key" "/etc/remora-tls/tls.key" -}}
{{- $listen = dict "tls" $tls -}}
{{- end -}}
{{- toYaml (mergeOverwrite (deepCopy .Values.standalone.config) (dict "listen" $listen)) -}}
{{- end -}}

{{/* What of it is only read at the start, as docs/configuration.md lists it: a change must roll the pods. */}}
{{- define "remora.standalone.fixed" -}}
{{- if .Values.standalone.config -}}
{{- $config := include "remora.standalone.config" . | fromYaml -}}
{{- $telemetry := omit ($config.telemetry | default dict) "headers" "sample_ratio" -}}
{{- dict "listen" (omit $config.listen "token") "telemetry" $telemetry "state" $config.state | toJson -}}
{{- end -}}
{{- end -}}
