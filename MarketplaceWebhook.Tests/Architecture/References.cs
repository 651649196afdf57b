using Mono.Cecil;
using Mono.Cecil.Cil;

namespace MarketplaceWebhook.Tests.Architecture;

/// <summary>Every type that the code of a compiled assembly refers to, by the type that does: a `using` proves nothing.</summary>
internal static class References
{
    /// <summary>
    /// Types with their namespace; what the compiler nests into a type (closures, state machines) counts for that type.
    /// </summary>
    public static IEnumerable<(TypeDefinition From, TypeReference To)> In(AssemblyDefinition assembly) =>
        from type in assembly.MainModule.GetTypes()
        from reference in Of(type).SelectMany(Parts)
        select (type, reference);

    public static TypeReference Outermost(TypeReference type) => type.DeclaringType is { } outer ? Outermost(outer) : type;

    private static IEnumerable<TypeReference?> Of(TypeDefinition type) =>
    [
        type.BaseType,
        .. type.Interfaces.SelectMany(i => (TypeReference?[])[i.InterfaceType, .. Attributes(i)]),
        .. Attributes(type), .. Generics(type),
        .. type.Fields.SelectMany(field => (TypeReference?[])[field.FieldType, .. Attributes(field)]),
        .. type.Properties.SelectMany(property => (TypeReference?[])[property.PropertyType, .. Attributes(property)]),
        .. type.Events.SelectMany(@event => (TypeReference?[])[@event.EventType, .. Attributes(@event)]),
        .. type.Methods.SelectMany(Of),
    ];

    private static IEnumerable<TypeReference?> Of(MethodDefinition method) =>
    [
        .. Of((MethodReference)method), .. Attributes(method), .. Attributes(method.MethodReturnType), .. Generics(method),
        .. method.Parameters.SelectMany(Attributes),
        .. method.Overrides.SelectMany(Of),
        .. method.HasBody ? Of(method.Body) : [],
    ];

    private static IEnumerable<TypeReference?> Of(MethodBody body) =>
    [
        .. body.Variables.Select(variable => variable.VariableType),
        .. body.ExceptionHandlers.Select(handler => handler.CatchType),
        .. body.Instructions.SelectMany(instruction => instruction.Operand switch
        {
            TypeReference type => [type],
            MethodReference method => Of(method),
            FieldReference field => [field.DeclaringType, field.FieldType],
            _ => (IEnumerable<TypeReference?>)[],
        }),
    ];

    private static IEnumerable<TypeReference?> Of(MethodReference method) =>
    [
        method.DeclaringType, method.ReturnType, .. method.Parameters.Select(parameter => parameter.ParameterType),
        .. method is GenericInstanceMethod generic ? generic.GenericArguments : [],
    ];

    private static IEnumerable<TypeReference?> Generics(IGenericParameterProvider provider) =>
        provider.GenericParameters.SelectMany(parameter =>
            (
                TypeReference?[])[.. parameter.Constraints.Select(constraint => constraint.ConstraintType),
                .. Attributes(parameter)]);

    private static IEnumerable<TypeReference?> Attributes(ICustomAttributeProvider provider) =>
        provider.CustomAttributes.SelectMany(attribute => (TypeReference?[])
        [
            attribute.AttributeType,
            .. attribute.ConstructorArguments.Concat(
                attribute.Properties.Concat(attribute.Fields).Select(named => named.Argument))
                .SelectMany(argument => (TypeReference?[])[argument.Type, argument.Value as TypeReference]),
        ]);

    /// <summary>The types that a type is made of: elements of arrays and pointers, arguments of generics, modifiers.</summary>
    private static IEnumerable<TypeReference> Parts(TypeReference? type) => type switch
    {
        null or GenericParameter => [],
        GenericInstanceType generic => [.. Parts(generic.ElementType), .. generic.GenericArguments.SelectMany(Parts)],
        IModifierType modified => [.. Parts(modified.ElementType), .. Parts(modified.ModifierType)],
        FunctionPointerType pointer =>
            [.. Parts(pointer.ReturnType), .. pointer.Parameters.SelectMany(p => Parts(p.ParameterType))],
        TypeSpecification specification => Parts(specification.ElementType),
        _ => [type],
    };
}
