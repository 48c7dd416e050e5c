// swift-tools-version: 6.2
import PackageDescription

/// How long a choice between endpoints takes: `swift run -c release BalancingBenchmark`. A package of its own, so that
/// the root stays lean; the modules' sources are linked in, because `package` access ends at a package's border, and
/// built for tests, because balancing is the engine's own affair.
let settings: [SwiftSetting] = [
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableExperimentalFeature("Lifetimes"),
    .unsafeFlags(["-enforce-exclusivity=unchecked", "-enable-testing"]),
]

let package = Package(
    name: "balancing-benchmark",
    platforms: [.macOS(.v26)],
    targets: [
        .systemLibrary(name: "CLibuv", pkgConfig: "libuv"),
        .systemLibrary(name: "CCares", pkgConfig: "libcares"),
        .systemLibrary(name: "CPCRE2", pkgConfig: "libpcre2-8"),
        .systemLibrary(name: "CLibyaml", pkgConfig: "yaml-0.1"),
        .systemLibrary(name: "CSystem"),
        .target(name: "HTTPWire", swiftSettings: settings),
        .target(
            name: "Reactor", dependencies: ["CLibuv", "CCares", "CSystem"], exclude: ["README.md"],
            swiftSettings: settings),
        .target(name: "GatewayConfiguration", dependencies: ["CLibyaml"], swiftSettings: settings),
        .target(
            name: "GatewayEngine", dependencies: ["HTTPWire", "Reactor", "GatewayConfiguration", "CPCRE2", "CSystem"],
            swiftSettings: settings),
        .executableTarget(name: "BalancingBenchmark", dependencies: ["GatewayEngine"], swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)
