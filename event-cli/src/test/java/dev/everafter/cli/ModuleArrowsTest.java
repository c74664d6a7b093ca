package dev.everafter.cli;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The modules' arrows point down only, and each module shows its public package alone. */
class ModuleArrowsTest {
    private static final String OURS = "dev.everafter..";

    /** Where a module's public classes are; all its other packages are its own. */
    private static final Map<String, List<String>> PUBLIC_PACKAGES = Map.of(
            "event-core", List.of("dev.everafter.core"),
            "event-pg-source", List.of("dev.everafter.pg"),
            "event-ws-server",
                    List.of("dev.everafter.server", "dev.everafter.server.spi", "dev.everafter.server.standalone"),
            "event-client", List.of("dev.everafter.client"),
            "event-cli", List.of("dev.everafter.cli"),
            "event-testkit", List.of("dev.everafter.testkit"));

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.everafter");

    private static void assertUsesOnly(String module, String... others) {
        String[] allowed =
                Stream.concat(Stream.of(module), Arrays.stream(others)).toArray(String[]::new);
        noClasses()
                .that()
                .resideInAPackage(module)
                .should()
                .dependOnClassesThat(resideInAnyPackage(OURS).and(resideOutsideOfPackages(allowed)))
                .check(CLASSES);
    }

    @Test
    void shouldUseOnlyTheModulesBelow() {
        assertUsesOnly("dev.everafter.core..");
        assertUsesOnly("dev.everafter.pg..", "dev.everafter.core..");
        assertUsesOnly("dev.everafter.server..", "dev.everafter.core..", "dev.everafter.pg..");
        assertUsesOnly("dev.everafter.client..", "dev.everafter.core..");
        assertUsesOnly(
                "dev.everafter.cli..",
                "dev.everafter.core..",
                "dev.everafter.pg..",
                "dev.everafter.server..",
                "dev.everafter.client..");
        assertUsesOnly("dev.everafter.testkit..", "dev.everafter.core..");
    }

    @Test
    void shouldUseTheTestKitInTestsOnly() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.everafter.testkit..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.everafter.testkit..")
                .check(CLASSES);
    }

    @Test
    void shouldDeployTheEndpointWithoutTheStandAloneServer() {
        noClasses()
                .that()
                .resideInAPackage("dev.everafter.server..")
                .and()
                .resideOutsideOfPackage("dev.everafter.server.standalone..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.everafter.server.standalone..", "org.glassfish..", "io.micrometer..")
                .check(CLASSES);
    }

    @Test
    void shouldKeepTheCoreToItsTwoLibraries() {
        classes()
                .that()
                .resideInAPackage("dev.everafter.core..")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage("dev.everafter.core..", "java..", "jakarta.json..", "org.jspecify..")
                .check(CLASSES);
    }

    @Test
    void shouldBePublicInThePublicPackagesOnly() {
        PUBLIC_PACKAGES.forEach((module, packages) -> classes()
                .that(belongTo(module))
                .and(DescribedPredicate.describe(
                        "are top-level and public",
                        type -> type.isTopLevelClass() && type.getModifiers().contains(JavaModifier.PUBLIC)))
                .should()
                .resideInAnyPackage(packages.toArray(String[]::new))
                .check(CLASSES));
    }

    @Test
    void shouldKnowEachModule() {
        for (String module : PUBLIC_PACKAGES.keySet()) {
            assertFalse(CLASSES.that(belongTo(module)).isEmpty(), "nothing found of " + module);
        }
        List<JavaClass> others = CLASSES.stream()
                .filter(type -> PUBLIC_PACKAGES.keySet().stream()
                        .noneMatch(module -> belongTo(module).test(type)))
                .toList();
        assertEquals(List.of(), others, "belong to no module that this test knows");
    }

    /** Whether a class comes from the module's output, be it a folder or a jar. */
    private static DescribedPredicate<JavaClass> belongTo(String module) {
        return DescribedPredicate.describe(
                "belong to " + module,
                type -> type.getSource()
                        .map(source -> source.getUri().toString().contains("/" + module + "/target/"))
                        .orElse(false));
    }
}
