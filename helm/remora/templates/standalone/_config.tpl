{{/* Both take the chart's context. */}}

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
