{{/*
One webhook; takes (dict "root" CONTEXT "name" NAME "namespace" EXPRESSIONS "object" EXPRESSIONS).

Without caBundle, but for a provided one: what is not in the manifest is left alone by whoever applies it, so that an
upgrade keeps the authority that cert-manager or the renewal has written.
*/}}
{{- define "remora.injector.webhook" -}}
- name: {{ .name }}
  admissionReviewVersions: [v1]
  sideEffects: None
  # A pod is never held up: not by a slow answer, and not by none.
  timeoutSeconds: 3
  failurePolicy: Ignore
  # Asked again where another webhook changed the pod after us.
  reinvocationPolicy: IfNeeded
  matchPolicy: Equivalent
  clientConfig:
    service:
      name: {{ include "remora.injector.name" .root }}
      namespace: {{ .root.Release.Namespace }}
      path: /inject
      port: 443
    {{- if eq .root.Values.certificates.mode "provided" }}
    caBundle: {{ .root.Values.certificates.provided.caBundle }}
    {{- end }}
  rules:
    - apiGroups: [""]
      apiVersions: [v1]
      operations: [CREATE]
      resources: [pods]
      scope: Namespaced
  namespaceSelector:
    matchExpressions:
      {{- toYaml .namespace | nindent 6 }}
  objectSelector:
    matchExpressions:
      {{- toYaml .object | nindent 6 }}
{{- end -}}
