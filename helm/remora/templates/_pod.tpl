{{/* Where pods run. Both take (dict "root" CONTEXT "component" NAME), and the latter "values" with the component's. */}}

{{/* A wish, not a condition: a cluster of one node runs all of them. */}}
{{- define "remora.spread" -}}
{{- $selector := include "remora.selectorLabels" . -}}
topologySpreadConstraints:
{{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- $selector | nindent 8 }}
{{- end }}
{{- end -}}

{{- define "remora.placement" -}}
{{ include "remora.spread" . }}
{{- with .values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/*
The labels and annotations of pods that are made from a template. The standalone pods alone may be in a mesh, which encrypts
for them; what is given decides.
*/}}
{{- define "remora.podMetadata" -}}
{{- $labels := deepCopy .values.podLabels -}}
{{- $annotations := merge (deepCopy .values.podAnnotations) (.annotations | default dict) -}}
{{- if ne .component "standalone" -}}
{{- $labels = merge $labels (include "remora.meshless.label" . | fromYaml) -}}
{{- $annotations = merge $annotations (include "remora.meshless.annotation" . | fromYaml) -}}
{{- end -}}
labels:
  {{- include "remora.labels" . | nindent 2 }}
  {{- with $labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with $annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "remora.disruptionBudget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "remora.fullname" .root }}-{{ .component }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "remora.labels" . | nindent 4 }}
spec:
  # Not a minimum: with one replica that would keep its node from being drained.
  maxUnavailable: 1
  selector:
    matchLabels:
      {{- include "remora.selectorLabels" . | nindent 6 }}
{{- end -}}
