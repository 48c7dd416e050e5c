// swift-tools-version: 6.2
import PackageDescription

/// Megabytes of JSON a second: `swift run -c release JSONBenchmark`. A package of its own, so that the root stays lean;
/// the module's sources are linked in, because `package` access ends at a package's border.
let settings: [SwiftSetting] = [
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableExperimentalFeature("Lifetimes"),
    .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

let package = Package(
    name: "json-benchmark",
    platforms: [.macOS(.v26)],
    targets: [
        .target(name: "JSONStream", swiftSettings: settings),
        .executableTarget(name: "JSONBenchmark", dependencies: ["JSONStream"], swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)
