{{- define "pgbouncer.selector" -}}
app.kubernetes.io/instance: {{ .name }}
app.kubernetes.io/managed-by: weir
app.kubernetes.io/name: pgbouncer
{{- end }}
{{- define "pgbouncer.labels" -}}
app.kubernetes.io/component: connection-pooler
{{ include "pgbouncer.selector" . }}
app.kubernetes.io/part-of: {{ .name }}
weir.dev/budget: {{ .name }}
{{- end }}
{{- define "server.selector" -}}
app.kubernetes.io/instance: {{ . }}
app.kubernetes.io/managed-by: weir
app.kubernetes.io/name: mcp-server
{{- end }}
{{- define "server.labels" -}}
app.kubernetes.io/component: server
{{ include "server.selector" .server.name }}
app.kubernetes.io/part-of: {{ .budget.name }}
weir.dev/budget: {{ .budget.name }}
{{- end }}
{{- define "dns" -}}
- ports:
    - port: 53
      protocol: UDP
    - port: 53
      protocol: TCP
- to:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: kube-system
      podSelector:
        matchLabels:
          k8s-app: kube-dns
{{- end }}
{{- define "operator" -}}
- namespaceSelector:
    matchLabels:
      kubernetes.io/metadata.name: weir-system
  podSelector:
    matchLabels:
      app.kubernetes.io/component: operator
      app.kubernetes.io/name: weir
{{- end }}
{{- define "readers" -}}
{{ include "operator" . }}
- namespaceSelector: {}
  podSelector:
    matchLabels:
      weir.dev/metrics: "true"
{{- end }}
