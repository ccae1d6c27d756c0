{{/* A pod of `helm test`; takes (dict "root" CONTEXT "name" NAME "command" LIST). */}}
{{- define "remora.test.pod" -}}
apiVersion: v1
kind: Pod
metadata:
  name: {{ include "remora.fullname" .root }}-test-{{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "remora.labels" (dict "root" .root "component" "test") | nindent 4 }}
    {{- if eq .name "injector" }}
    {{- include "remora.meshless.label" . | nindent 4 }}
    {{- end }}
  annotations:
    {{- if eq .name "injector" }}
    {{- include "remora.meshless.annotation" . | nindent 4 }}
    {{- end }}
    helm.sh/hook: test
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
spec:
  automountServiceAccountToken: false
  enableServiceLinks: false
  restartPolicy: Never
  activeDeadlineSeconds: 120
  {{- with include "remora.pullSecrets" .root }}
  {{- . | nindent 2 }}
  {{- end }}
  containers:
    - name: test
      image: {{ include "remora.image" .root | quote }}
      imagePullPolicy: {{ .root.Values.image.pullPolicy }}
      command:
        {{- toYaml .command | nindent 8 }}
      resources:
        requests: {cpu: 20m, memory: 64Mi}
        limits: {memory: 128Mi}
      securityContext:
        {{- include "remora.securityContext" .root | nindent 8 }}
{{- end -}}

{{/* The image has Python and no curl; takes an address. An error is the traceback, and the exit code. */}}
{{- define "remora.test.ask" -}}
import time, urllib.request
for attempt in range(30):
    try:
        print(urllib.request.urlopen("{{ . }}", timeout=3).read().decode())
        break
    except OSError:
        if attempt == 29:
            raise
        time.sleep(2)
{{- end -}}
