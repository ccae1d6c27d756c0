{{/* What a schema cannot say, or not in words that help. Each takes the chart's context and fails with one sentence. */}}

{{- define "remora.check.sidecar" -}}
{{- if eq (int .Values.sidecar.grpcPort) (int .Values.sidecar.probePort) -}}
{{- fail "sidecar.grpcPort and sidecar.probePort must differ" -}}
{{- end -}}
{{- end -}}

{{- define "remora.check.certificates" -}}
{{- $given := .Values.certificates.provided -}}
{{- if and (eq .Values.certificates.mode "provided") (not (and $given.secretName $given.caBundle)) -}}
{{- fail "certificates.mode provided needs certificates.provided.secretName and certificates.provided.caBundle" -}}
{{- end -}}
{{- end -}}

{{- define "remora.check.standalone" -}}
{{- $own := .Values.standalone -}}
{{- if and $own.config $own.configMap -}}
{{- fail "standalone.config and standalone.configMap exclude each other" -}}
{{- else if not (or $own.config $own.configMap) -}}
{{- fail "standalone needs a configuration: standalone.config, or standalone.configMap" -}}
{{- end -}}
{{- if and $own.tls.secretName $own.insecure -}}
{{- fail "standalone.tls.secretName and standalone.insecure exclude each other" -}}
{{- else if not (or $own.tls.secretName $own.insecure) -}}
{{- fail "standalone listens to the network: set standalone.tls.secretName, or standalone.insecure: true where a mesh encrypts" -}}
{{- end -}}
{{- $listen := (($own.config | default dict).listen) | default dict -}}
{{- $asks := or $listen.token (($listen.tls | default dict).client_ca) -}}
{{- if and $asks $own.openToAll -}}
{{- fail "standalone.config.listen.token (or tls.client_ca) and standalone.openToAll exclude each other" -}}
{{- else if and $own.config (not (or $asks $own.openToAll)) -}}
{{- fail "standalone lets whoever reaches it spend your keys: set standalone.config.listen.token, or standalone.openToAll: true" -}}
{{- end -}}
{{- end -}}
