{{/* Names, labels and what every pod of the chart has in common. All take the chart's own context. */}}

{{- define "remora.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* At most 40 characters: a CronJob's name, which has 12 more, may have 52. */}}
{{- define "remora.fullname" -}}
{{- $name := include "remora.name" . -}}
{{- $whole := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- .Values.fullnameOverride | default $whole | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "remora.injector.name" -}}{{ include "remora.fullname" . }}-injector{{- end -}}

{{/* The API server asks webhooks in the order of their configurations' names: ours after those of meshes. */}}
{{- define "remora.webhook.name" -}}zz-{{ include "remora.injector.name" . }}{{- end -}}

{{- define "remora.certificate.name" -}}{{ include "remora.fullname" . }}-certificate{{- end -}}

{{/* The Secret that the injector serves with; another one for each mode, so that a change of mode leaves no foreign keys. */}}
{{- define "remora.certificate.secret" -}}
{{- if eq .Values.certificates.mode "provided" -}}
{{- .Values.certificates.provided.secretName -}}
{{- else if eq .Values.certificates.mode "cert-manager" -}}
{{- include "remora.injector.name" . }}-tls
{{- else -}}
{{- include "remora.certificate.name" . }}
{{- end -}}
{{- end -}}

{{/* The name under which the API server calls the injector. */}}
{{- define "remora.injector.host" -}}{{ include "remora.injector.name" . }}.{{ .Release.Namespace }}.svc{{- end -}}

{{/* Takes (dict "root" CONTEXT "component" NAME); what a selector may hold for good. */}}
{{- define "remora.selectorLabels" -}}
app.kubernetes.io/name: {{ include "remora.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/* Takes (dict "root" CONTEXT "component" NAME). */}}
{{- define "remora.labels" -}}
{{ include "remora.selectorLabels" . }}
app.kubernetes.io/part-of: remora
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{/* Of pods that the API server or `helm test` must reach, and that must reach the API server, without a proxy. */}}
{{- define "remora.meshless.label" -}}
sidecar.istio.io/inject: "false"
{{- end -}}

{{- define "remora.meshless.annotation" -}}
linkerd.io/inject: disabled
{{- end -}}

{{- define "remora.image" -}}
{{- $tag := .Values.image.tag | default .Chart.AppVersion -}}
{{- $digest := ternary (printf "@%s" .Values.image.digest) "" (ne .Values.image.digest "") -}}
{{- printf "%s:%s%s" .Values.image.repository $tag $digest -}}
{{- end -}}

{{- define "remora.pullSecrets" -}}
{{- with .Values.image.pullSecrets -}}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end -}}
{{- end -}}

{{/*
Of every container, the sidecar's too: what the "restricted" Pod Security Standard asks for, and a read-only root. Without
sidecar.runAsUser the image's user runs, which is 65532, or the one that the cluster gives the namespace.
*/}}
{{- define "remora.securityContext" -}}
allowPrivilegeEscalation: false
capabilities:
  drop: [ALL]
readOnlyRootFilesystem: true
{{- with .Values.sidecar.runAsUser }}
runAsGroup: {{ int64 . }}
{{- end }}
runAsNonRoot: true
{{- with .Values.sidecar.runAsUser }}
runAsUser: {{ int64 . }}
{{- end }}
seccompProfile:
  type: RuntimeDefault
{{- end -}}
