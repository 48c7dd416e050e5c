internal import CSystem

/// The system's error numbers that the data plane tells apart.
enum SystemError {
    static let refused = ECONNREFUSED
}
