#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Logarithms of the gamma and beta functions, for positive arguments: the C library's `lgamma` writes a global variable.
enum LogGamma {
    /// Stirling's series, after the argument was raised to where four terms give twelve digits
    /// (Abramowitz and Stegun, 6.1.15 and 6.1.41).
    static func gamma(_ argument: Double) -> Double {
        var x = argument
        var product = 1.0
        while x < 8 {
            product *= x
            x += 1
        }
        let inverse = 1 / x
        let square = inverse * inverse
        let series = inverse * (1.0 / 12 - square * (1.0 / 360 - square * (1.0 / 1_260 - square / 1_680)))
        return (x - 0.5) * log(x) - x + 0.918_938_533_204_672_8 + series - log(product)
    }

    static func beta(_ a: Double, _ b: Double) -> Double { gamma(a) + gamma(b) - gamma(a + b) }
}
