package catalog

import (
	"context"
	"slices"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// EndpointGroupUpdate is a change of an endpoint group.
type EndpointGroupUpdate struct {
	Name        identity.Opt[string]
	Description identity.Opt[string]
	Filters     identity.Opt[map[string]any]
}

// EndpointGroups lists endpoint groups.
func (s *Service) EndpointGroups(ctx context.Context, caller identity.Caller, q identity.Query) (page identity.Page[identity.EndpointGroup], err error) {
	if err := s.Authz.Check(ctx, caller, authz.ListEndpointGroups, nil); err != nil {
		return page, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		page, err = tx.EndpointGroups(ctx, q)
		return err
	})
	return page, err
}

// EndpointGroup shows an endpoint group.
func (s *Service) EndpointGroup(ctx context.Context, caller identity.Caller, id identity.EndpointGroupID) (g identity.EndpointGroup, err error) {
	if err := s.Authz.Check(ctx, caller, authz.GetEndpointGroup, nil); err != nil {
		return g, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		g, err = tx.EndpointGroup(ctx, id)
		return err
	})
	return g, err
}

// CreateEndpointGroup makes an endpoint group with a random id. It must filter by something.
func (s *Service) CreateEndpointGroup(ctx context.Context, caller identity.Caller, g identity.EndpointGroup) (identity.EndpointGroup, error) {
	if err := s.Authz.Check(ctx, caller, authz.CreateEndpointGroup, nil); err != nil {
		return g, err
	}
	if len(g.Filters) == 0 {
		return g, identity.Invalidf("filters field is required and cannot be empty")
	}
	if err := checkFilters(g.Filters); err != nil {
		return g, err
	}
	return g, s.DB.Update(ctx, func(tx *store.Tx) error {
		g.ID = identity.EndpointGroupID(tx.NewID())
		if err := tx.InsertEndpointGroup(ctx, g); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Created("endpoint_group", g.ID).ForTrail().By(caller))
	})
}

// UpdateEndpointGroup changes an endpoint group. New filters replace the old; none at all stand for all endpoints.
func (s *Service) UpdateEndpointGroup(ctx context.Context, caller identity.Caller, id identity.EndpointGroupID, u EndpointGroupUpdate) (g identity.EndpointGroup, err error) {
	if err := s.Authz.Check(ctx, caller, authz.UpdateEndpointGroup, nil); err != nil {
		return g, err
	}
	if err := checkFilters(u.Filters.Value); err != nil {
		return g, err
	}
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		if g, err = tx.EndpointGroup(ctx, id); err != nil {
			return err
		}
		g.Name = u.Name.Or(g.Name)
		g.Description = u.Description.OrPtr(g.Description)
		g.Filters = u.Filters.Or(g.Filters)
		if err := tx.PutEndpointGroup(ctx, g); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Updated("endpoint_group", id).ForTrail().By(caller))
	})
	return g, err
}

// DeleteEndpointGroup deletes an endpoint group and the filters that name it.
func (s *Service) DeleteEndpointGroup(ctx context.Context, caller identity.Caller, id identity.EndpointGroupID) error {
	if err := s.Authz.Check(ctx, caller, authz.DeleteEndpointGroup, nil); err != nil {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		if _, err := tx.EndpointGroup(ctx, id); err != nil {
			return err
		}
		if err := tx.DeleteEndpointGroup(ctx, id); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Deleted("endpoint_group", id).ForTrail().By(caller))
	})
}

func checkFilters(filters map[string]any) error {
	for key := range filters {
		if key != "service_id" && key != "region_id" && key != "interface" {
			return identity.Expecting("service_id or region_id or interface", "endpoint_group")
		}
	}
	return nil
}

// EndpointGroupEndpoints lists the endpoints that a group stands for.
func (s *Service) EndpointGroupEndpoints(ctx context.Context, caller identity.Caller, id identity.EndpointGroupID) (found []identity.Endpoint, err error) {
	if err := s.Authz.Check(ctx, caller, authz.ListEndpointsAssociatedWithEndpointGroup, nil); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		g, err := tx.EndpointGroup(ctx, id)
		if err != nil {
			return err
		}
		all, err := tx.Endpoints(ctx, identity.Query{})
		found = slices.DeleteFunc(all.Items, func(e identity.Endpoint) bool { return !inGroup(e, g.Filters) })
		return err
	})
	return found, err
}

// ProjectEndpoints lists the endpoints that a project's filters name; none when it has no filter.
func (s *Service) ProjectEndpoints(ctx context.Context, caller identity.Caller, id identity.ProjectID) (found []identity.Endpoint, err error) {
	if err := s.Authz.Check(ctx, caller, authz.ListEndpointsForProject, nil); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if err := exists(tx.Project(ctx, id)); err != nil {
			return err
		}
		all, err := tx.Endpoints(ctx, identity.Query{})
		if err != nil {
			return err
		}
		visible, _, err := s.visible(ctx, tx, id, all.Items)
		found = slices.DeleteFunc(all.Items, func(e identity.Endpoint) bool { return !visible[e.ID] })
		return err
	})
	return found, err
}

// ProjectEndpointGroups lists the endpoint groups that a project's filters name.
func (s *Service) ProjectEndpointGroups(ctx context.Context, caller identity.Caller, id identity.ProjectID) (groups []identity.EndpointGroup, err error) {
	if err := s.Authz.Check(ctx, caller, authz.ListEndpointGroupsForProject, nil); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if err := exists(tx.Project(ctx, id)); err != nil {
			return err
		}
		page, err := tx.EndpointGroups(ctx, identity.Query{}.Where("project_id", string(id)))
		groups = page.Items
		return err
	})
	return groups, err
}

// EndpointProjects lists the projects that have a filter for an endpoint.
func (s *Service) EndpointProjects(ctx context.Context, caller identity.Caller, id identity.EndpointID) (projects []identity.Project, err error) {
	if err := s.Authz.Check(ctx, caller, authz.ListProjectsForEndpoint, nil); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if err := exists(tx.Endpoint(ctx, id)); err != nil {
			return err
		}
		projects, err = tx.FilteredProjects(ctx, identity.ProjectFilter{EndpointID: id})
		return err
	})
	return projects, err
}

// EndpointGroupProjects lists the projects that have a filter for an endpoint group; none for a group that is not there.
func (s *Service) EndpointGroupProjects(ctx context.Context, caller identity.Caller, id identity.EndpointGroupID) (projects []identity.Project, err error) {
	if err := s.Authz.Check(ctx, caller, authz.ListProjectsAssociatedWithEndpointGroup, nil); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		projects, err = tx.FilteredProjects(ctx, identity.ProjectFilter{GroupID: id})
		return err
	})
	return projects, err
}

// CheckProjectFilter returns nil when a filter is there.
func (s *Service) CheckProjectFilter(ctx context.Context, caller identity.Caller, f identity.ProjectFilter) error {
	action := filterAction(f, authz.CheckEndpointInProject, authz.GetEndpointGroupInProject)
	if err := s.Authz.Check(ctx, caller, action, nil); err != nil {
		return err
	}
	return s.DB.View(ctx, func(tx *store.Tx) error {
		if err := bothExist(ctx, tx, f); err != nil {
			return err
		}
		found, err := tx.HasProjectFilter(ctx, f)
		if err == nil && !found {
			err = noFilter(f)
		}
		return err
	})
}

// CreateProjectFilter lets a project see an endpoint, or those of a group, and nothing that no other filter names.
func (s *Service) CreateProjectFilter(ctx context.Context, caller identity.Caller, f identity.ProjectFilter) error {
	action := filterAction(f, authz.AddEndpointToProject, authz.AddEndpointGroupToProject)
	if err := s.Authz.Check(ctx, caller, action, nil); err != nil {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		if err := bothExist(ctx, tx, f); err != nil {
			return err
		}
		if err := tx.InsertProjectFilter(ctx, f); err != nil {
			return err
		}
		return tx.Record(ctx, filterEvent("added", f).By(caller))
	})
}

// DeleteProjectFilter takes a filter away.
func (s *Service) DeleteProjectFilter(ctx context.Context, caller identity.Caller, f identity.ProjectFilter) error {
	action := filterAction(f, authz.RemoveEndpointFromProject, authz.RemoveEndpointGroupFromProject)
	if err := s.Authz.Check(ctx, caller, action, nil); err != nil {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		if f.GroupID != "" { // an endpoint's filter can be taken away when the endpoint is not there any more
			if err := bothExist(ctx, tx, f); err != nil {
				return err
			}
		}
		found, err := tx.DeleteProjectFilter(ctx, f)
		if err == nil && !found {
			err = noFilter(f)
		}
		if err != nil {
			return err
		}
		return tx.Record(ctx, filterEvent("removed", f).By(caller))
	})
}

// filterEvent is that an endpoint, or a group of them, was added to what a project sees, or removed from it.
func filterEvent(operation string, f identity.ProjectFilter) identity.Event {
	e := identity.Done("endpoint", operation, f.EndpointID)
	if f.GroupID != "" {
		e = identity.Done("endpoint_group", operation, f.GroupID)
	}
	e.For = f.ProjectID
	return e
}

func filterAction(f identity.ProjectFilter, endpoint, group authz.Action) authz.Action {
	if f.EndpointID != "" {
		return endpoint
	}
	return group
}

// bothExist returns a 404 for what a filter names and is not there, in upstream's order.
func bothExist(ctx context.Context, tx *store.Tx, f identity.ProjectFilter) error {
	if f.EndpointID != "" {
		if err := exists(tx.Endpoint(ctx, f.EndpointID)); err != nil {
			return err
		}
		return exists(tx.Project(ctx, f.ProjectID))
	}
	if err := exists(tx.Project(ctx, f.ProjectID)); err != nil {
		return err
	}
	return exists(tx.EndpointGroup(ctx, f.GroupID))
}

func noFilter(f identity.ProjectFilter) error {
	message := "Endpoint Group Project Association not found"
	if f.EndpointID != "" {
		message = "Endpoint " + string(f.EndpointID) + " not found in project " + string(f.ProjectID)
	}
	return &identity.Error{Kind: identity.NotFound, Message: message}
}
