// swift-tools-version: 6.2
import PackageDescription

/// What a key costs in the counts of this process, and what a decision takes: `swift run -c release LimitBenchmark`. A
/// package of its own, so that the root stays lean; the module's sources are linked in, because `package` access ends at a
/// package's border.
let settings: [SwiftSetting] = [
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableExperimentalFeature("Lifetimes"),
    .unsafeFlags(["-enforce-exclusivity=unchecked"]),
]

let package = Package(
    name: "limit-benchmark",
    platforms: [.macOS(.v26)],
    targets: [
        .systemLibrary(name: "CSystem"),
        .target(name: "RateLimits", swiftSettings: settings),
        .executableTarget(name: "LimitBenchmark", dependencies: ["RateLimits", "CSystem"], swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)
