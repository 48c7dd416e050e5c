/// The shapes of what the admin API takes and gives, as JSON Schema. Every member that an answer has is named here and
/// always there; what may be missing is null.
enum AdminSchemas {
    static let all: AdminJSON = .object([
        (
            "Status",
            object([
                ("version", string), ("started_at", time), ("uptime_seconds", count),
                ("state", words("ready", "draining")),
                (
                    "listeners",
                    array(object([("name", string), ("address", string), ("is_admin", boolean), ("is_tls", boolean)]))
                ),
                ("certificates", array(reference("Certificate"))),
                (
                    "configuration",
                    object([
                        ("path", orNull("string")), ("services", count), ("routes", count),
                        ("reloads_succeeded", count), ("reloads_failed", count), ("last_reload_at", timeOrNull),
                    ])
                ),
            ])
        ),
        (
            "Certificate",
            object([
                ("listener", string), ("names", array(string)), ("path", string), ("not_after", timeOrNull),
                ("state", words("valid", "expires_soon", "expired", "missing", "ordering")), ("is_managed", boolean),
                ("last_error", orNull("string")), ("next_order_at", timeOrNull),
            ])
        ),
        ("Services", object([("services", array(reference("Service")))])),
        (
            "Service",
            object([
                ("name", string), ("requests_in_flight", count), ("retries_in_flight", count), ("connections", count),
                ("pending", count),
                (
                    "caps",
                    object([
                        ("requests", count), ("retries", count), ("connections", count), ("pending", count),
                        ("adaptive_requests", orNull("integer")),
                    ])
                ),
                ("breaker", words("off", "closed", "open", "half_open", "ramping")),
                ("endpoints", array(reference("Endpoint"))),
            ])
        ),
        (
            "Endpoint",
            object([
                ("url", string),
                (
                    "state",
                    words("available", "draining", "ejected", "unhealthy", "unchecked", "without_weight")
                ),
                ("weight", count), ("priority", count), ("administrative", words("enabled", "draining")),
                ("health", words("unknown", "healthy", "unhealthy")), ("ejected_until", timeOrNull),
                ("requests_in_flight", count),
            ])
        ),
        ("Splits", object([("splits", array(reference("Split")))])),
        (
            "Split",
            object([
                ("route", string),
                (
                    "sides",
                    array(
                        object([
                            ("service", string), ("weight", count), ("configured_weight", count), ("answers", count),
                            ("errors", count),
                        ]))
                ),
                ("key", orNull("string")), ("set_by", words("configuration", "operator", "canary")),
                ("changed_at", timeOrNull), ("canary", ["anyOf": [reference("Canary"), ["type": "null"]]]),
            ])
        ),
        (
            "Canary",
            object([
                ("candidate", string), ("baseline", string),
                ("state", words("idle", "running", "paused", "promoted", "rolled_back")),
                ("step", orNull("integer")), ("steps", array(number)), ("waits_for", orNull("string")),
                ("reason", orNull("string")), ("why", orNull("string")),
                (
                    "comparisons",
                    array(
                        object([
                            ("test", string), ("candidate_hits", count), ("candidate_trials", count),
                            ("baseline_hits", count), ("baseline_trials", count), ("evidence", number),
                            ("edge_seconds", number),
                        ]))
                ),
            ])
        ),
        (
            "Weights",
            [
                "type": "object", "required": ["weights"], "additionalProperties": false,
                "properties": [
                    "weights": [
                        "type": "object", "minProperties": 1,
                        "additionalProperties": ["type": "integer", "minimum": 0, "maximum": 1_000_000],
                    ]
                ],
                "examples": [["weights": ["checkout-v1": 90, "checkout-v2": 10]]],
            ]
        ),
        (
            "Reload",
            object([
                ("outcome", words("applied", "unchanged")), ("listeners", reference("Changes")),
                ("services", reference("Changes")), ("routes", reference("Changes")), ("settings", array(string)),
                ("needs_restart", array(string)), ("warnings", array(reference("Finding"))), ("milliseconds", count),
            ])
        ),
        (
            "Changes",
            object([("added", array(string)), ("removed", array(string)), ("changed", array(string)), ("kept", count)])
        ),
        (
            "Finding",
            object([
                ("file", string), ("line", count), ("column", count), ("message", string), ("fix", orNull("string")),
            ])
        ),
        ("Document", ["type": "object", "description": "An OpenAPI 3.1 document."]),
        (
            "Error",
            [
                "type": "object", "required": ["error", "message"],
                "properties": [
                    "error": ["type": "string", "enum": .texts(AdminError.Code.allCases.map(\.rawValue))],
                    "message": string,
                    "known": array(string).adding([("description", "With not_found: what there is, 100 at most.")]),
                    "errors": array(reference("Finding")).adding([("description", "With configuration_refused.")]),
                ],
            ]
        ),
    ])

    static func reference(_ name: String) -> AdminJSON { ["$ref": .text("#/components/schemas/\(name)")] }

    private static let string: AdminJSON = ["type": "string"]
    private static let boolean: AdminJSON = ["type": "boolean"]
    private static let number: AdminJSON = ["type": "number"]
    private static let count: AdminJSON = ["type": "integer", "minimum": 0]
    private static let time: AdminJSON = ["type": "string", "format": "date-time"]
    private static let timeOrNull: AdminJSON = ["type": ["string", "null"], "format": "date-time"]

    private static func orNull(_ type: String) -> AdminJSON { ["type": [.text(type), "null"]] }

    private static func words(_ words: String...) -> AdminJSON { ["type": "string", "enum": .texts(words)] }

    private static func array(_ items: AdminJSON) -> AdminJSON { ["type": "array", "items": items] }

    private static func object(_ members: [(name: String, value: AdminJSON)]) -> AdminJSON {
        ["type": "object", "required": .texts(members.map(\.name)), "properties": .object(members)]
    }
}
