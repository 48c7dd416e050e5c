/// What the gateway's own errors look like, on top or on a route: there in place of what is on top, as a whole.
package struct ErrorsConfiguration: Sendable, Hashable {
    package enum Body: Sendable, Hashable {
        /// The gateway's own two forms.
        case usual
        /// JSON with references to `$error.…`.
        case template(TemplateValue)
        /// Any text with `{status}`, `{code}`, `{message}` and `{request_id}`.
        case text(String)
    }

    package var body = Body.usual
    /// nil: JSON, or plain text.
    package var contentType: String?
    /// Statuses of services whose answers get this form too.
    package var upstream: [StatusRange] = []
    @NotCompared package var location: SourceLocation

    package init(location: SourceLocation = .none) { self.location = location }
}
