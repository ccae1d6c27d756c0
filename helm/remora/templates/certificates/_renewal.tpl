{{/* A pod that renews the certificates; takes (dict "root" CONTEXT "hash" TEXT), the latter of the Job that selects it. */}}
{{- define "remora.renewal.pod" -}}
{{- with .root -}}
metadata:
  labels:
    {{- include "remora.labels" (dict "root" . "component" "certificate") | nindent 4 }}
    {{- include "remora.meshless.label" . | nindent 4 }}
    {{- with $.hash }}
    remora.dev/renewal: {{ . | quote }}
    {{- end }}
  annotations:
    {{- include "remora.meshless.annotation" . | nindent 4 }}
spec:
  serviceAccountName: {{ include "remora.certificate.name" . }}
  automountServiceAccountToken: true
  enableServiceLinks: false
  restartPolicy: OnFailure
  {{- with include "remora.pullSecrets" . }}
  {{- . | nindent 2 }}
  {{- end }}
  {{- with .Values.injector.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.injector.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: renewal
      image: {{ include "remora.image" . | quote }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args:
        - inject
        - --renew-certificate
        - --namespace
        - {{ .Release.Namespace }}
        - --secret
        - {{ include "remora.certificate.secret" . }}
        - --webhook-configuration
        - {{ include "remora.webhook.name" . }}
        - --service
        - {{ include "remora.injector.name" . }}
        - --log-level
        - {{ .Values.injector.logLevel }}
      resources:
        {{- toYaml .Values.certificates.selfManaged.resources | nindent 8 }}
      securityContext:
        {{- include "remora.securityContext" . | nindent 8 }}
      terminationMessagePolicy: FallbackToLogsOnError
{{- end -}}
{{- end -}}

{{/* "true" where the chart makes its certificates itself. */}}
{{- define "remora.renewal.enabled" -}}
{{- if and .Values.injector.enabled (eq .Values.certificates.mode "self-managed") }}true{{ end -}}
{{- end -}}
