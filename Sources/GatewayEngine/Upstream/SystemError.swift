internal import CSystem

/// The system's error numbers that the data plane tells apart, and their text.
enum SystemError {
    static let refused = ECONNREFUSED

    static func text(_ code: Int32) -> String {
        guard let text = unsafe strerror(code) else { return "error \(code)" }
        // A constant of the system, ended by a null.
        return unsafe String(cString: text).lowercased()
    }
}
