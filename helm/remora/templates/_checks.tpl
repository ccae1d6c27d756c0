{{/* What a schema cannot say, or not in words that help. Each takes the chart's context and fails with one sentence. */}}

{{- define "remora.check.sidecar" -}}
{{- if eq (int .Values.sidecar.grpcPort) (int .Values.sidecar.probePort) -}}
{{- fail "sidecar.grpcPort and sidecar.probePort must differ" -}}
{{- end -}}
{{- $resources := .Values.sidecar.resources | default dict -}}
{{- $limits := $resources.limits | default dict -}}
{{- range $name, $request := $resources.requests | default dict -}}
{{- $limit := get $limits $name -}}
{{- if and $limit (gt (include "remora.amount" $request | float64) (include "remora.amount" $limit | float64)) -}}
{{- fail (printf "sidecar.resources.requests.%s (%s) is above sidecar.resources.limits.%s (%s)" $name $request $name $limit) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The number that a quantity stands for. */}}
{{- define "remora.amount" -}}
{{- $factors := dict "" 1.0 "m" 0.001 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "Ki" 1024.0 "Mi" 1048576.0 "Gi" 1073741824.0 "Ti" 1099511627776.0 -}}
{{- mulf (regexFind "^[0-9.]+" . | float64) (get $factors (regexFind "[A-Za-z]*$" .)) -}}
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
{{- include "remora.check.literals" $own.config -}}
{{- $listen := (($own.config | default dict).listen) | default dict -}}
{{- $asks := or $listen.token (($listen.tls | default dict).client_ca) -}}
{{- if and $asks $own.openToAll -}}
{{- fail "standalone.config.listen.token (or tls.client_ca) and standalone.openToAll exclude each other" -}}
{{- else if and $own.config (not (or $asks $own.openToAll)) -}}
{{- fail "standalone lets whoever reaches it spend your keys: set standalone.config.listen.token, or standalone.openToAll: true" -}}
{{- end -}}
{{- end -}}

{{/* Takes a configuration: a secret that stands in it would stand in a ConfigMap, and in the release's record. */}}
{{- define "remora.check.literals" -}}
{{- $config := . | default dict -}}
{{- include "remora.check.secret" (dict "path" "listen.token" "value" ($config.listen | default dict).token) -}}
{{- range $name, $provider := $config.providers | default dict -}}
{{- if kindIs "map" $provider -}}
{{- include "remora.check.secret" (dict "path" (printf "providers.%s.api_key" $name) "value" $provider.api_key) -}}
{{- range $index, $profile := $provider.profiles | default list -}}
{{- $path := printf "providers.%s.profiles[%d].api_key" $name $index -}}
{{- include "remora.check.secret" (dict "path" $path "value" (ternary $profile.api_key "" (kindIs "map" $profile))) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "remora.check.secret" -}}
{{- $value := toString (.value | default "") -}}
{{- if not (or (eq $value "") (hasPrefix "env:" $value) (hasPrefix "file:" $value)) -}}
{{- fail (printf "standalone.config.%s must be env:NAME or file:PATH: a ConfigMap is no place for a secret" .path) -}}
{{- end -}}
{{- end -}}
