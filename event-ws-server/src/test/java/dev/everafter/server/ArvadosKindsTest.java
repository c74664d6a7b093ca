package dev.everafter.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.everafter.core.Attribute;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ArvadosKindsTest {
    private final ArvadosKinds kinds = new ArvadosKinds(ArvadosKinds.KNOWN);

    @Test
    void shouldDeriveTheInfixesThatArvadosHas() {
        Map<String, String> documented = Map.ofEntries(
                Map.entry("4zz18", "Collection"),
                Map.entry("j7d0g", "Group"),
                Map.entry("xvhdp", "ContainerRequest"),
                Map.entry("dz642", "Container"),
                Map.entry("tpzed", "User"),
                Map.entry("57u5n", "Log"),
                Map.entry("o0j2j", "Link"),
                Map.entry("7fd4e", "Workflow"),
                Map.entry("gj3su", "ApiClientAuthorization"),
                Map.entry("fngyi", "AuthorizedKey"),
                Map.entry("2x53u", "VirtualMachine"),
                Map.entry("gv0sa", "UserAgreement"),
                Map.entry("bi6l4", "KeepService"),
                Map.entry("oss07", "Credential"));
        assertEquals(documented.size(), ArvadosKinds.KNOWN.size());
        documented.forEach((infix, name) -> assertEquals(infix, ArvadosKinds.infix(name), name));
    }

    @Test
    void shouldNameKindsByUuid() {
        assertEquals(Optional.of("arvados#collection"), kinds.kind("zzzzz-4zz18-000000000000001"));
        assertEquals(Optional.of("arvados#containerRequest"), kinds.kind("zzzzz-xvhdp-000000000000001"));
        assertEquals(Optional.empty(), kinds.kind("zzzzz-aaaaa-000000000000001"));
        for (String odd : List.of("", "-", "zzzzz-4zz1", "d41d8cd98f00b204e9800998ecf8427e+0", "what?")) {
            assertEquals(Optional.empty(), kinds.kind(odd), odd);
        }
    }

    @Test
    void shouldAskForAnObjectWhereTheApiHasIt() {
        assertEquals(
                Optional.of("container_requests/zzzzz-xvhdp-000000000000001"),
                kinds.path("zzzzz-xvhdp-000000000000001"));
        assertEquals(
                Optional.of("api_client_authorizations/zzzzz-gj3su-000000000000001"),
                kinds.path("zzzzz-gj3su-000000000000001"));
        assertEquals(
                Optional.of("collections/d41d8cd98f00b204e9800998ecf8427e+0"),
                kinds.path("d41d8cd98f00b204e9800998ecf8427e+0"));
    }

    @Test
    void shouldAskForNothingThatIsNoName() {
        for (String odd : List.of(
                "",
                "zzzzz-aaaaa-000000000000001",
                "zzzzz-4zz18-00000000000000",
                "zzzzz-4zz18-0000000000000001",
                "zzzzz-4zz18-000000000000001/..",
                "zzzzz-4zz18-00000000000000?",
                "ZZZZZ-4zz18-000000000000001",
                "d41d8cd98f00b204e9800998ecf8427e+",
                "d41d8cd98f00b204e9800998ecf8427e+0+A1",
                "../../etc")) {
            assertEquals(Optional.empty(), kinds.path(odd), odd);
        }
    }

    @Test
    void shouldKnowClassesThatAreConfigured() {
        ArvadosKinds more = new ArvadosKinds(List.of("Shoe"));
        String uuid = "zzzzz-" + ArvadosKinds.infix("Shoe") + "-000000000000001";
        assertEquals(Optional.of("arvados#shoe"), more.kind(uuid));
        assertEquals(Optional.of("shoes/" + uuid), more.path(uuid));
        assertThrows(IllegalArgumentException.class, () -> new ArvadosKinds(List.of("shoes/../x")));
    }

    @Test
    void shouldHaveNoFilterForWhatIsNoKind() {
        Attribute uuid = Attribute.data("object_uuid");
        for (String none :
                List.of("", "arvados#", "collection", "arvados#Collection", "arvados#a-b", "Arvados#collection")) {
            assertEquals(Optional.empty(), kinds.isA(uuid, none), none);
        }
    }
}
